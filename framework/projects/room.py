"""What the room brings to the application."""

from framework.rooms import Room, daily, every

ROOM = Room(
    "projects",
    models=True,
    parts=("members.invitations",),
    blueprints=(
        "views.tokens:token_settings",
        "views.account_deletion:own_account",
        "views.inbox:inboxes",
        "views.jobs:jobs",
        "views.pages:projects",
        "views.settings:settings",
        "views.sharing:sharing",
        "views.transfers:project_transfers",
        "views.audit:audit",
        "views.storage:storage_settings",
    ),
    worker=("tasks",),
    storage_tasks=frozenset(
        f"framework.projects.tasks.{name}"
        for name in ("archive_project", "count_files", "purge_project", "remove_old_versions")
    ),
    schedule={
        "news": every(
            "framework.projects.tasks.send_news", minutes=10, needed="framework.projects.notify.digests:needs_news_at"
        ),
        "notices": every("framework.projects.tasks.forget_notices", days=1),
        "events": every("framework.projects.tasks.forget_events", days=1),
        "invitations": every("framework.projects.tasks.forget_invitations", days=1),
        "embargoes": every("framework.projects.tasks.end_embargoes", hours=1),
        "stored": every("framework.projects.tasks.count_storage", hours=1),
        "unconfirmed": daily("framework.projects.tasks.remove_unconfirmed", 3),
        "trash": daily("framework.projects.tasks.empty_trash", 2),
    },
)
