"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "edits",
    blueprints=("views:blueprint", "restore_views:blueprint"),
)
