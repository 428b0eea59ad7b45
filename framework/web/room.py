"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "web",
    parts=(
        "compression",
        "routing",
        "security",
        "errors",
        "forms",
        "pages",
        "patterns",
        "reserved",
        "remembered.recording",
        "remembered.identity",
    ),
)
