"""What the room brings to the application."""

from framework.rooms import Room, daily

ROOM = Room(
    "links",
    models=True,
    blueprints=("views:blueprint", "drop_views:blueprint", "drop_uploads:blueprint", "view_views:blueprint"),
    worker=("tasks",),
    schedule={"hand_ins": daily("framework.links.tasks.send_digests", 7)},
)
