"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "health",
    blueprints=("views:health",),
    commands={"doctor": "commands:doctor"},
)
