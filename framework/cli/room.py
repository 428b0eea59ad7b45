"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "cli",
    parts=("shell",),
    commands={
        "users": "people:users_commands",
        "groups": "groups:groups_commands",
        "storage": "storage:storage_commands",
        "projects": "projects:projects_commands",
        "backup": "backups:backup",
        "restore": "backups:restore",
        "backup-identity": "backups:backup_identity",
    },
)
