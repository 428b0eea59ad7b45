"""The page that a request is about: that of a drop-off link, or of what one person handed in by it."""

from flask import request

from framework.links.drop.drop_offs import OpenDropOff, open_drop_off
from framework.links.drop.receipts import HandedIn, open_hand_in


def open_page(token: str) -> tuple[OpenDropOff, HandedIn | None]:
    """The drop-off, and the hand-in where the address is a personal link's.

    Raises:
        DropOffAbsent.
    """
    if request.path.startswith("/drop/mine/"):
        return open_hand_in(token)
    return open_drop_off(token), None
