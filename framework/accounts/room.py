"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "accounts",
    models=True,
    parts=("signin.login", "signin.reauthentication"),
    blueprints=("views.pages:accounts", "views.settings:settings"),
    worker=("tasks",),
    schedule={
        "sessions": every("framework.accounts.tasks.forget_sessions", days=1),
        "budgets": every("framework.accounts.tasks.forget_budgets", hours=6),
        "addresses": every("framework.accounts.tasks.forget_address_changes", days=1),
        "students": every("framework.accounts.tasks.remind_students", days=1),
    },
)
