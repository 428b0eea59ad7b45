"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "githttp",
    blueprints=("lfs_views:blueprint", "views:blueprint"),
)
