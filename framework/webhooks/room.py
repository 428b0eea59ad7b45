"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "webhooks",
    models=True,
    followers=("outgoing:VERSIONS",),
    blueprints=("views:project_webhooks", "group_views:group_webhooks"),
    worker=("tasks",),
    schedule={"webhook-secrets": every("framework.webhooks.tasks.seal_secrets", days=1)},
)
