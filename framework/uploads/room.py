"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "uploads",
    models=True,
    blueprints=("tus.views:blueprint", "views:blueprint"),
    worker=("tasks",),
    schedule={"uploads": every("framework.uploads.tasks.sweep_uploads", hours=1)},
)
