"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "admin",
    blueprints=("views:admin", "people:people", "projects:projects", "plans:plans", "audit:audit"),
)
