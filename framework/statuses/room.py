"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room("statuses", models=True)
