"""What the room brings to the application."""

from framework.rooms import STORAGE, Room

ROOM = Room("copies", models=True, blueprints=("views:blueprint",), worker=("tasks",), queue=STORAGE)
