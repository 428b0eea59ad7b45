"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room("profiles", blueprints=("views:profiles", "settings_views:profile_settings", "picture_views:pictures"))
