"""What the room brings to the application."""

from framework.rooms import MAIL, Room

ROOM = Room(
    "email",
    models=True,
    worker=("tasks",),
    queue=MAIL,
)
