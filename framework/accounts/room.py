"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "accounts",
    models=True,
    parts=("signin.login", "signin.reauthentication"),
    blueprints=(
        "views.pages:accounts",
        "views.second_step:second_step",
        "views.providers:providers",
        "views.settings:settings",
        "views.security:security",
    ),
    worker=("tasks",),
    schedule={
        "sessions": every("framework.accounts.tasks.forget_sessions", days=1),
        "budgets": every("framework.accounts.tasks.forget_budgets", hours=6),
        "addresses": every("framework.accounts.tasks.forget_address_changes", days=1),
        "challenges": every("framework.accounts.tasks.forget_challenges", days=1),
        "sealing": every("framework.accounts.tasks.seal_anew", days=1),
        "names": every("framework.accounts.tasks.free_names", days=1),
        "account-invitations": every("framework.accounts.tasks.forget_invitations", days=1),
        "students": every("framework.accounts.tasks.remind_students", days=1),
    },
)
