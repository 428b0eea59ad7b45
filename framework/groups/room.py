"""What the room brings to the application."""

from framework.rooms import Room, every

ROOM = Room(
    "groups",
    parts=("invitations",),
    blueprints=("views:groups", "people_views:group_people", "audit_views:group_audit"),
    worker=("tasks",),
    schedule={"group-invitations": every("framework.groups.tasks.forget_invitations", days=1)},
)
