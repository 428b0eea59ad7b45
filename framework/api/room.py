"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "api",
    models=True,
    parts=("views",),
    blueprints=("views:blueprint",),
    worker=("tasks",),
    schedule={"keys": every("framework.api.tasks.forget_keys", hours=1)},
)
