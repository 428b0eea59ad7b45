"""What a project's owners do with its links: make and revoke them, close a drop-off, give somebody more time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import validation
from framework.accounts.core.account import Account
from framework.accounts.core.credentials import digest
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict
from framework.links.drop import receipts
from framework.links.drop.drop_offs import OpenDropOff, read_drop_off
from framework.links.drop.receipts import HandedIn
from framework.links.listing import LinkAbsent
from framework.links.models import DropOff, HandIn
from framework.links.rules import DropOffChanges, WantedDropOff, check_drop_off, deadline, link_title, time_zone
from framework.projects.core import links
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.models import Link
from framework.repositories import object_keys
from framework.repositories.write.commit import lock_repository

ROLE = "maintainer"
"""Who may make, see and end the links of a project."""
MOST_LINKS = 200
HAND_INS_PAGE = 50


class TooManyLinks(Conflict):
    """The project has as many links as it may."""

    def __init__(self) -> None:
        super().__init__(f"A project can have {MOST_LINKS} links. Revoke some that are not used any more.")


class PublicDropOff(Conflict):
    """Hand-ins of a public project could be seen by anyone."""

    def __init__(self) -> None:
        super().__init__("This project is public: anyone could see what is handed in. Use a private project for it.")


@dataclass(frozen=True)
class MadeLink:
    """A link that was just made; its address is never told again."""

    id: int
    url: str


@dataclass(frozen=True)
class HandInsPage:
    """Some of those who handed in or were given more time; `count` is how many have handed in by the link."""

    hand_ins: Sequence[HandedIn]
    count: int
    number: int
    more: bool


def make_view_link(
    account: Account, project: ProjectAccess, *, title: str, expires_at: datetime | None, anonymous: bool = False
) -> MadeLink:
    """A link by which whoever has it can look at the project.

    Raises:
        InvalidTitle, TooManyLinks. RoleTooLow, ProjectNotFound: the caller may not any more.
    """
    token = links.new_token()
    with transaction() as session:
        lock_repository(session, project.repository_id)  # as who ends a part in the project, and the links made in it
        recheck(session, project.id, account, ROLE)
        wanted = Link(kind=links.VIEW, title=link_title(title), expires_at=expires_at, anonymous=anonymous)
        link = _add(session, project, account, wanted, token)
    return MadeLink(link.id, f"{config.current().base_url}/l/{token}")


def make_drop_off(account: Account, project: ProjectAccess, wanted: WantedDropOff) -> MadeLink:
    """A link by which whoever has it can hand in files.

    Raises:
        InvalidTitle, PublicDropOff, TooManyLinks. What `check_drop_off` raises.
        RoleTooLow, ProjectNotFound: the caller may not any more.
    """
    row, token = check_drop_off(wanted), links.new_token()
    with transaction() as session:
        recheck(session, project.id, account, ROLE)
        if project.visibility == "public":
            raise PublicDropOff
        link = Link(kind=links.DROP, title=link_title(wanted.title), expires_at=wanted.expires_at, anonymous=False)
        row.link_id = _add(session, project, account, link, token).id
        session.add(row)
    return MadeLink(link.id, f"{config.current().base_url}/drop/{token}")


def find_drop_off(project: ProjectAccess, link_id: int) -> OpenDropOff:
    """A drop-off of the project.

    Raises:
        LinkAbsent, DropOffAbsent.
    """
    with read_transaction() as session:
        return _find_drop_off(session, project, link_id)


def read_hand_ins(project: ProjectAccess, link_id: int, number: int) -> tuple[OpenDropOff, HandInsPage]:
    """A drop-off of the project, and a page of who handed in, by name, counted from 1.

    Raises:
        LinkAbsent, DropOffAbsent.
    """
    mine, skipped = HandIn.link_id == link_id, (number - 1) * HAND_INS_PAGE
    query = select(HandIn).where(mine).order_by(HandIn.folder_key, HandIn.id)
    with read_transaction() as session:
        drop_off = _find_drop_off(session, project, link_id)
        count = session.scalars(select(func.count()).where(mine, HandIn.handed_in_at.is_not(None))).one()
        rows = session.scalars(query.offset(skipped).limit(HAND_INS_PAGE + 1)).all()
        shown = tuple(HandedIn.of(row) for row in rows[:HAND_INS_PAGE])
    return drop_off, HandInsPage(shown, count, number, more=len(rows) > HAND_INS_PAGE)


def _find_drop_off(session: Session, project: ProjectAccess, link_id: int) -> OpenDropOff:
    link = session.get(Link, link_id)
    if link is None or link.project_id != project.id or link.kind != links.DROP:
        raise LinkAbsent
    return read_drop_off(session, link)


def revoke_link(account: Account, project: ProjectAccess, link_id: int) -> str:
    """End a link at once; its title. What was handed in by it stays in the project.

    Raises:
        LinkAbsent. RoleTooLow, ProjectNotFound: the caller may not any more.
    """
    with transaction() as session:
        recheck(session, project.id, account, ROLE)
        link = _lock(session, project, link_id)
        link.revoked_at = now()
        links.tell_audit(session, "link_revoked", link, by=account, project=_told(project))
        return link.title


def change_drop_off(account: Account, project: ProjectAccess, link_id: int, changes: DropOffChanges) -> None:
    """Close a drop-off link, so that it takes nothing more, or open it again; give it another deadline, or none.

    Receipts can be read all the same.

    Raises:
        LinkAbsent, InvalidDeadline, InvalidTimeZone. RoleTooLow, ProjectNotFound: the caller may not any more.
    """
    zone = None if changes.time_zone is None else time_zone(changes.time_zone)
    until = None if changes.deadline is None else deadline(changes.deadline)
    with transaction() as session:
        recheck(session, project.id, account, ROLE)
        link = _lock(session, project, link_id)
        row = _drop_off(session, link_id)
        kinds = list[str]()
        if changes.closed not in {None, row.closed_at is not None}:
            row.closed_at = now() if changes.closed else None
            kinds.append("link_closed" if changes.closed else "link_opened")
        if (until or changes.endless) and until != row.deadline:
            row.deadline = until
            kinds.append("link_deadline")
        row.time_zone = zone or row.time_zone
        for kind in kinds:
            links.tell_audit(session, kind, link, by=account, project=_told(project))


def extend(account: Account, project: ProjectAccess, link_id: int, *, email: str, until: datetime) -> HandedIn:
    """Give one person time until then, by a mail with a link of their own, for a hand-in of its own.

    Whoever typed this address before has a link to what they handed in, and may be somebody else. So only a row that
    nothing came by yet is taken again: its link was sent to this address and to nobody else.

    Raises:
        LinkAbsent, InvalidEmail, InvalidDeadline. RoleTooLow, ProjectNotFound: the caller may not any more.
    """
    email, until = validation.email(email.strip()), deadline(until)
    with transaction() as session:
        recheck(session, project.id, account, ROLE)
        link = _lock(session, project, link_id)
        _drop_off(session, link_id)
        mine = (HandIn.link_id == link_id, HandIn.handed_in_at.is_(None), func.lower(HandIn.email) == email.lower())
        row = session.scalar(select(HandIn).where(*mine).order_by(HandIn.id.desc()).limit(1))
        if row is None:
            row = HandIn(link_id=link_id, key=object_keys.new_id(), email=email)
            session.add(row)
        row.extended_until = until
        session.flush()
        moment = until.isoformat(timespec="minutes")
        told: dict[str, Any] = {"link": link.title, "who": email, "until": moment}
        audit.record(session, "more_time", actor=account, project=_told(project), **told)
        extended = HandedIn.of(row)
        receipts.mail_extension(session, read_drop_off(session, link), extended)
    return extended


def _add(session: Session, project: ProjectAccess, account: Account, link: Link, token: str) -> Link:
    count = session.scalar(
        select(func.count()).select_from(Link).where(Link.project_id == project.id, Link.revoked_at.is_(None))
    )
    if (count or 0) >= MOST_LINKS:
        raise TooManyLinks
    link.project_id, link.made_by_id, link.digest = project.id, account.id, digest(token)
    session.add(link)
    session.flush()
    links.tell_audit(session, "link_made", link, by=account, project=_told(project))
    return link


def _told(project: ProjectAccess) -> audit.ToldProject:
    return audit.ToldProject(project.id, project.full_name)


def _lock(session: Session, project: ProjectAccess, link_id: int) -> Link:
    link = session.get(Link, link_id, with_for_update=True)
    if link is None or link.project_id != project.id or link.revoked_at is not None:
        raise LinkAbsent
    return link


def _drop_off(session: Session, link_id: int) -> DropOff:
    row = session.get(DropOff, link_id)
    if row is None:
        raise LinkAbsent
    return row
