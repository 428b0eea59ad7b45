"""What the room brings to the application."""

from framework.rooms import STORAGE, Room, daily

ROOM = Room(
    "backup",
    worker=("tasks",),
    queue=STORAGE,
    schedule={"backup": daily("framework.backup.tasks.back_up_tables", 3, 30)},
)
