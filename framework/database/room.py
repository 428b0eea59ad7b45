"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "database",
    ahead=("engine:load_ahead",),
    commands={"database": "commands:database_commands"},
)
