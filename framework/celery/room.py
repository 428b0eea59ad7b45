"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "celery",
    models=True,
    worker=("worker.logs", "worker.presence", "worker.consumer", "tasks"),
    schedule={
        "outbox": every(
            "framework.celery.tasks.poll_outbox", minutes=5, needed="framework.celery.outbox:needs_poll_at"
        ),
        "forget": every("framework.celery.tasks.forget_finished", days=1),
    },
)
