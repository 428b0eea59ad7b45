"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "audit",
    models=True,
    worker=("tasks",),
    schedule={"audit": every("framework.audit.tasks.forget_entries", days=1)},
)
