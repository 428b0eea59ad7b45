"""What the room brings to the application."""

from framework.rooms import Room

ROOM = Room(
    "browse",
    parts=("remembered",),
    blueprints=(
        *("views:blueprint", "versions:blueprint", "ref_views:blueprint", "search_views:blueprint"),
        "media_views:blueprint",
    ),
)
