"""Pictures of people and groups: a WebP of a few KB in SQL, so that a backup has it and a deletion takes it along."""

import hashlib

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.core import budgets
from framework.accounts.core.account import Account
from framework.accounts.models import Picture, User
from framework.browse.render.rendering import sandbox
from framework.database.session import read_transaction, transaction
from framework.errors import Invalid, NotFound, Unavailable
from framework.groups.access import GroupAccess
from framework.profiles.drawing import TOO_LARGE, draw_picture
from framework.profiles.editing import lock_owner
from framework.sandbox.sandbox import Busy, TooCostly

MOST_BYTES = 10 << 20
DIGEST_LENGTH = 32


class PictureRefused(Invalid):
    """The file is no picture that can be used."""

    field = "files"


class PictureAbsent(NotFound):
    """Nobody has this picture now."""

    def __init__(self) -> None:
        super().__init__("There is no such picture.")


class BusyDrawing(Unavailable):
    """No picture can be made at the moment."""

    def __init__(self) -> None:
        super().__init__("The server is busy. Try again in a moment.")


def save_picture(account: Account, group: GroupAccess | None, content: bytes) -> None:
    """Have this picture, a PNG, JPEG or WebP file, for oneself or for a group that one owns.

    Raises:
        PictureRefused: it is none, or damaged, or has too many pixels.
        BudgetSpent: they have uploaded many lately. BusyDrawing.
        AddressUnconfirmed, OwnersOnly, GroupNotFound: they may have none.
    """
    with transaction() as session:
        lock_owner(session, account, group)
        budgets.spend(session, [f"pictures:{account.id}"])
    drawn = _draw(content)
    digest = hashlib.sha256(drawn).hexdigest()[:DIGEST_LENGTH]
    with transaction() as session:
        row = lock_owner(session, account, group)
        session.merge(Picture(user_id=row.id, digest=digest, content=drawn))
        row.picture = digest


def remove_picture(account: Account, group: GroupAccess | None) -> None:
    """Have the pattern of the name again.

    Raises:
        OwnersOnly, GroupNotFound: the caller is no owner of the group any more.
    """
    with transaction() as session:
        row = lock_owner(session, account, group)
        session.execute(delete(Picture).where(Picture.user_id == row.id))
        row.picture = None


def read_picture(digest: str) -> bytes:
    """The WebP of this digest, of somebody who is not suspended.

    Raises:
        PictureAbsent.
    """
    query = (
        select(Picture.content)
        .join(User, User.id == Picture.user_id)
        .where(Picture.digest == digest, User.suspended_at.is_(None))
        .limit(1)
    )
    with read_transaction() as session:
        content = session.scalar(query)
    if content is None:
        raise PictureAbsent
    return content


def find_picture_of(session: Session, user_id: int) -> bytes | None:
    """The WebP of a person or a group; None without one."""
    return session.scalar(select(Picture.content).where(Picture.user_id == user_id))


def _draw(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise PictureRefused(TOO_LARGE)
    try:
        drawn = sandbox.call(hashlib.sha256(content).digest(), draw_picture, content)
    except Busy as refusal:
        raise BusyDrawing from refusal
    except TooCostly as refusal:
        raise PictureRefused(TOO_LARGE) from refusal
    if drawn.problem:
        raise PictureRefused(drawn.problem)
    return drawn.content
