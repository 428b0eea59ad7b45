"""What the room brings to the application."""

from framework.rooms import Room, weekly

ROOM = Room(
    "drill",
    worker=("tasks",),
    task_names="framework.upkeep.",  # as the outbox's rows have them
    schedule={"drill": weekly("framework.upkeep.tasks.rehearse_rebuild", "sat", 4)},
)
