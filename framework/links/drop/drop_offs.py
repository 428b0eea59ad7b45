"""A drop-off link as whoever has it finds it, and whether something may be handed in by it now.

The deadline is judged where the hand-in commits. What was begun before it may end within `GRACE`, so that nobody is
late because of a slow line.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import plans
from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.database.types import now
from framework.errors import Conflict, Forbidden, NotFound, TooLarge
from framework.formatting import format_limit
from framework.links.models import DropOff, HandIn
from framework.projects.core import links
from framework.projects.core.access import ProjectAccess, ProjectNotFound, read_linked_project
from framework.projects.models import Link, Project

GRACE = timedelta(minutes=15)


class DropOffAbsent(NotFound):
    """No drop-off has this link: it never had, or was revoked, or its project is gone."""

    def __init__(self) -> None:
        super().__init__("This link leads nowhere, or has ended. Ask whoever gave it to you for a new one.")


class DropOffClosed(Forbidden):
    """Nothing can be handed in by this link, now or for this person."""


class DropOffFull(Conflict):
    """By this link more came than it may bring."""

    def __init__(self) -> None:
        super().__init__("This drop-off is full, so nothing was stored. Tell whoever gave you the link.")


class NoRoomThere(TooLarge):
    """The project, its owner's plan or the server has no room for it; whose fault it is, is not a stranger's matter."""

    def __init__(self) -> None:
        super().__init__(
            "There is no room for these files where they are collected, so nothing was stored. Tell whoever gave you"
            " the link."
        )


@dataclass(frozen=True)
class OpenDropOff:
    """A drop-off that exists, closed or not; sizes in bytes, `types` are endings such as `.pdf`, none for any.

    `max_file_bytes` is the least of what the link, the server and the plan of the project's owner allow.
    """

    id: int
    title: str
    text: str
    folder: str
    deadline: datetime | None
    time_zone: str
    types: tuple[str, ...]
    max_file_bytes: int
    max_total_bytes: int
    received_bytes: int
    is_closed: bool
    project: ProjectAccess

    @property
    def room_bytes(self) -> int:
        """How much more may come by the link."""
        return max(0, self.max_total_bytes - self.received_bytes)

    @property
    def request_bytes(self) -> int:
        """The most that one form may bring."""
        return min(self.room_bytes, config.current().max_request_bytes)

    def deadline_for(self, extended_until: datetime | None) -> datetime | None:
        """When it ends for somebody who may have been given more time; None for never."""
        if self.deadline is None or extended_until is None:
            return self.deadline
        return max(self.deadline, extended_until)

    def reason_closed(self, extended_until: datetime | None = None, began_at: datetime | None = None) -> str | None:
        """Why nothing can be handed in that was begun at this moment, or is to be begun now; None when it can."""
        if self.is_closed:
            return "This drop-off was closed by its owner. Nothing more can be handed in."
        if self.project.visibility == "public":
            return "This project is public, so anyone would see what you hand in. Tell whoever gave you the link."
        until, moment = self.deadline_for(extended_until), now()
        began_in_time = until is None or (began_at or moment) <= until
        if until is None or moment <= until or (began_in_time and moment <= until + GRACE):
            return None
        return f"The deadline was {format_moment(until, self.time_zone)}. Nothing more can be handed in."

    def reason_refused(self, extended_until: datetime | None = None) -> str | None:
        """Why nothing can come in any more, not even what was begun in time; None when some of it can."""
        return self.reason_closed(extended_until, began_at=self.deadline_for(extended_until))

    def problem_of(self, name: str, size_bytes: int) -> str | None:
        """Why the drop-off does not take a file of this name and size; None when it does."""
        if self.types and not name.lower().endswith(self.types):
            return f"“{name}” is not of a type that is accepted here: {', '.join(self.types)}."
        if size_bytes > self.max_file_bytes:
            return f"“{name}” is {format_limit(size_bytes)}, over the {format_limit(self.max_file_bytes)} limit."
        return None


def open_drop_off(token: str) -> OpenDropOff:
    """The drop-off of this link.

    Raises:
        DropOffAbsent.
    """
    with read_transaction() as session:
        link = links.find_link(session, token, links.DROP)
        if link is None:
            raise DropOffAbsent
        return read_drop_off(session, link)


def read_drop_off(session: Session, link: Link) -> OpenDropOff:
    """The drop-off of this row, as it is now.

    Raises:
        DropOffAbsent: the link or its project has ended.
    """
    row = session.get(DropOff, link.id, populate_existing=True)
    if row is None or not links.is_living(link):
        raise DropOffAbsent
    try:
        project = read_linked_project(session, link.project_id)
    except ProjectNotFound as error:
        raise DropOffAbsent from error
    most = _read_plan(session, link).limit_file(config.current().max_file_bytes)
    return OpenDropOff(
        id=link.id,
        title=link.title,
        text=row.text,
        folder=row.folder,
        deadline=row.deadline,
        time_zone=row.time_zone,
        types=tuple(row.types.split()),
        max_file_bytes=min(row.max_file_bytes or most, most),
        max_total_bytes=row.max_total_bytes,
        received_bytes=row.received_bytes,
        is_closed=row.closed_at is not None,
        project=project,
    )


def admit(session: Session, link_id: int, hand_in_id: int | None, began_at: datetime) -> HandIn | None:
    """The same checks once more in the transaction that stores a hand-in; the row of the one that is replaced.

    The link stays locked, so that it is neither closed nor revoked, nor another folder taken, before the commit.

    Raises:
        DropOffAbsent, DropOffClosed.
    """
    link = session.get(Link, link_id, with_for_update=True, populate_existing=True)
    if link is None:
        raise DropOffAbsent
    drop_off = read_drop_off(session, link)
    row = session.get(HandIn, hand_in_id, populate_existing=True) if hand_in_id else None
    if hand_in_id and row is None:
        raise DropOffAbsent
    if reason := drop_off.reason_closed(row.extended_until if row else None, began_at):
        raise DropOffClosed(reason)
    link.last_used_at = now()
    return row


def _read_plan(session: Session, link: Link) -> plans.Plan:
    """The plan of the project's owner, who answers for what comes by the link."""
    owners = select(User).join(Project, Project.owner_id == User.id)
    return plans.plan_of(session, session.scalars(owners.where(Project.id == link.project_id)).one())


def format_moment(moment: datetime, time_zone: str) -> str:
    """A moment as people of this time zone read it, such as `Friday, 4 December 2026, 23:59 (Europe/Berlin)`."""
    return f"{moment.astimezone(ZoneInfo(time_zone)):%A, %-d %B %Y, %H:%M} ({time_zone})"
