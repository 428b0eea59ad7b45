"""Receipts: what somebody handed in, and the personal link by which they alone come back to it.

The link is signed and names the row's random key. It is in the mail to the address that was typed, and in the browser
that handed in. Typing somebody's address begins another hand-in and shows nothing of theirs.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import budgets
from framework.accounts.core.budgets import BudgetSpent
from framework.database.session import read_transaction
from framework.database.types import now
from framework.email import messages, stopped
from framework.formatting import format_size
from framework.links.drop.drop_offs import DropOffAbsent, OpenDropOff, format_moment, read_drop_off
from framework.links.models import HandIn
from framework.projects.models import Link

LISTED = 100
"""So many files are named in a mail; the page has them all."""


@dataclass(frozen=True)
class HandedIn:
    """What somebody handed in, or nothing yet where they were given more time; `files` are path, size and sha256."""

    id: int
    link_id: int
    key: str
    name: str
    email: str
    folder: str | None
    files: Sequence[Mapping[str, Any]]
    times: int
    handed_in_at: datetime | None
    extended_until: datetime | None

    @classmethod
    def of(cls, row: HandIn) -> "HandedIn":
        """The frozen copy of a row."""
        return cls(
            id=row.id,
            link_id=row.link_id,
            key=row.key,
            name=row.name,
            email=row.email,
            folder=row.folder,
            files=tuple(row.files or ()),
            times=row.times,
            handed_in_at=row.handed_in_at,
            extended_until=row.extended_until,
        )

    @property
    def path(self) -> str:
        """The address of the page that only this person has."""
        return f"/drop/mine/{_signer().dumps([self.id, self.key])}"

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return sum(int(file["size"]) for file in self.files)


def open_hand_in(token: str) -> tuple[OpenDropOff, HandedIn]:
    """What the personal link is for, and the drop-off that it belongs to.

    Raises:
        DropOffAbsent: the link is none, or was revoked with all others.
    """
    try:
        hand_in_id, key = _signer().loads(token)
    except BadSignature as error:
        raise DropOffAbsent from error
    with read_transaction() as session:
        row = session.get(HandIn, hand_in_id)
        link = session.get(Link, row.link_id) if row is not None and row.key == key else None
        if row is None or link is None:
            raise DropOffAbsent
        return read_drop_off(session, link), HandedIn.of(row)


def mail_receipt(session: Session, drop_off: OpenDropOff, handed_in: HandedIn) -> None:
    """Send the receipt, unless its address or this link had too many lately: the page shows the same."""
    assert handed_in.handed_in_at
    files = [(str(one["path"]), f"{format_size(one['size'])}, SHA-256 {one['sha256']}") for one in handed_in.files]
    facts = {
        "name": handed_in.name,
        "title": drop_off.title,
        "time": format_moment(handed_in.handed_in_at, drop_off.time_zone),
        "files": files[:LISTED],
        "more": max(0, len(files) - LISTED),
        "deadline": _deadline(drop_off, handed_in),
        "link": f"{config.current().base_url}{handed_in.path}",
    }
    _send(session, drop_off, handed_in, "hand_in", facts)


def mail_extension(session: Session, drop_off: OpenDropOff, handed_in: HandedIn) -> None:
    """Tell somebody until when they may hand in."""
    facts = {
        "name": handed_in.name or handed_in.email,
        "title": drop_off.title,
        "deadline": _deadline(drop_off, handed_in),
        "link": f"{config.current().base_url}{handed_in.path}",
    }
    _send(session, drop_off, handed_in, "hand_in_extended", facts)


def _deadline(drop_off: OpenDropOff, handed_in: HandedIn) -> str:
    until = drop_off.deadline_for(handed_in.extended_until)
    return format_moment(until, drop_off.time_zone) if until else ""


def _send(
    session: Session, drop_off: OpenDropOff, handed_in: HandedIn, template: str, facts: Mapping[str, object]
) -> None:
    if stopped.reason_for(session, handed_in.email):
        return
    with suppress(BudgetSpent):
        budgets.spend(session, [f"receipt:{budgets.fingerprint(handed_in.email.casefold())}"])
        budgets.spend(session, [f"receipts:{drop_off.id}"])
        key = f"{template}-{handed_in.id}-{now():%Y%m%d%H%M%S%f}"
        messages.queue(session, messages.prepare(to=handed_in.email, template=template, facts=facts, key=key))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(config.current().signing_keys, salt="holdfast-hand-in")
