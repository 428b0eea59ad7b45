"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "storage",
    models=True,
    ahead=("current:load_ahead",),
)
