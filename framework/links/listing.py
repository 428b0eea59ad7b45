"""The links of a project that live, as they can be told of later."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, func, select

from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.errors import NotFound
from framework.links.models import DropOff, HandIn
from framework.projects.core import links
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Link


class LinkAbsent(NotFound):
    """The project has no such link, or it was revoked."""

    def __init__(self) -> None:
        super().__init__("There is no such link; it may have been revoked already.")


@dataclass(frozen=True)
class LinkAbout:
    """What can be told of a link later; those from `folder` on are a drop-off's."""

    id: int
    kind: str
    title: str
    anonymous: bool
    by: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    folder: str | None = None
    deadline: datetime | None = None
    time_zone: str | None = None
    is_closed: bool = False
    hand_ins: int = 0


def list_links(project: ProjectAccess) -> list[LinkAbout]:
    """The project's links that live, the newest first."""
    with read_transaction() as session:
        rows = session.execute(_select_links().where(Link.project_id == project.id).order_by(Link.id.desc())).all()
    return [_about(*row) for row in rows if links.is_living(row[0])]


def find_link(project: ProjectAccess, link_id: int) -> LinkAbout:
    """A link of the project that lives.

    Raises:
        LinkAbsent.
    """
    found = next((link for link in list_links(project) if link.id == link_id), None)
    if found is None:
        raise LinkAbsent
    return found


def _select_links() -> Select[Link, str | None, DropOff | None, int]:
    counted = select(func.count()).where(HandIn.link_id == Link.id, HandIn.handed_in_at.is_not(None)).scalar_subquery()
    return (
        select(Link, User.name, DropOff, counted)
        .outerjoin(User, User.id == Link.made_by_id)
        .outerjoin(DropOff, DropOff.link_id == Link.id)
        .where(Link.revoked_at.is_(None))
    )


def _about(link: Link, by: str | None, drop_off: DropOff | None, hand_ins: int) -> LinkAbout:
    about = LinkAbout(
        id=link.id,
        kind=link.kind,
        title=link.title,
        anonymous=link.anonymous,
        by=by,
        created_at=link.created_at,
        expires_at=link.expires_at,
        last_used_at=link.last_used_at,
    )
    if drop_off is None:
        return about
    return replace(
        about,
        folder=drop_off.folder,
        deadline=drop_off.deadline,
        time_zone=drop_off.time_zone,
        is_closed=drop_off.closed_at is not None,
        hand_ins=hand_ins,
    )
