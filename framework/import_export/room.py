"""What the room brings to the application."""

from framework.rooms import STORAGE, Room, every

ROOM = Room(
    "import_export",
    models=True,
    blueprints=("views:blueprint", "personal_views:own_data"),
    worker=("tasks",),
    queue=STORAGE,
    task_names="framework.transfer.",  # as the outbox's rows have them
    schedule={"exports": every("framework.transfer.tasks.forget_exports", hours=1)},
)
