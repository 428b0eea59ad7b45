"""What the room brings to the application."""

from framework.rooms import STORAGE, Room, daily, every, weekly

ROOM = Room(
    "repositories",
    models=True,
    worker=("tasks",),
    queue=STORAGE,
    schedule={
        "owner": every(
            "framework.repositories.tasks.renew_mark",
            hours=1,
            needed="framework.storage.ownership.claims:needs_renewal_at",
        ),
        "log": every(
            "framework.repositories.tasks.confirm_log",
            hours=1,
            needed="framework.repositories.journal.writer:needs_confirmation_at",
        ),
        "checkpoints": every("framework.repositories.tasks.write_checkpoints", hours=1),
        "staged": every("framework.repositories.tasks.sweep_staged", hours=1),
        "scrub": every("framework.repositories.tasks.scrub_copies", days=1),
        "read-back": every("framework.repositories.tasks.read_back", hours=1),
        "restore-sample": weekly("framework.repositories.tasks.restore_sample", "sun", 4),
        "collect": daily("framework.repositories.tasks.collect_orphans", 2, 30),
        "idle": daily("framework.repositories.tasks.archive_idle", 5),
        "classes": daily("framework.repositories.tasks.demote_archived", 6),
    },
)
