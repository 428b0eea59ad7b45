"""What the room brings to the application."""

from framework.rooms import STORAGE, Room, every

ROOM = Room(
    "courses",
    models=True,
    blueprints=("views:blueprint",),
    arrivals=("teaching.listed:list_arrival",),
    departures=("access:refuse_departure",),
    kept_tags=("access:list_kept_tags",),
    worker=("tasks",),
    queue=STORAGE,
    schedule={
        "course_snapshots": every(
            "framework.courses.tasks.take_snapshots",
            minutes=10,
            needed="framework.courses.snapshots:needs_snapshots_at",
        )
    },
)
