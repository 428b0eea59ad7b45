"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "cli",
    parts=("shell",),
    commands=(
        "people:users_commands",
        "storage:storage_commands",
        "projects:projects_commands",
        "backups:backup",
        "backups:restore",
        "backups:backup_identity",
    ),
)
