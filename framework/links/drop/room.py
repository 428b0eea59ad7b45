"""Whether there is room for what somebody wants to hand in, asked before its bytes are sent; the commit asks again.

What comes by a link is the project's owner's, so it has to fit into the owner's plan as well. A stranger is told that
there is no room, and nothing about the plan.
"""

from framework.links.drop.drop_offs import NoRoomThere, OpenDropOff
from framework.projects.members import quota
from framework.projects.members.limits import QuotaExceeded, StoreFull


def count_room(drop_off: OpenDropOff) -> int:
    """How many more bytes may come by the link: what is left of it, and of what the project's owner may store."""
    return max(0, min(drop_off.room_bytes, quota.read_room(drop_off.project).room_bytes))


def refuse_without_room(drop_off: OpenDropOff, new_bytes: int) -> None:
    """Let so many bytes come, at least one, that the project's owner and the server have room for.

    Raises:
        NoRoomThere.
    """
    try:
        quota.check_room(drop_off.project, max(1, new_bytes))
    except (QuotaExceeded, StoreFull) as error:
        raise NoRoomThere from error
