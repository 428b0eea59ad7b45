"""One mail a day to a project's owners about what was handed in by its drop-off links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages, stopped
from framework.links.models import DropOff, HandIn
from framework.projects.core.groups import list_project_owners
from framework.projects.models import Link, Project

LISTED = 50


@dataclass(frozen=True)
class Section:
    """What one link's part of the mail tells: (name, when and how much) pairs, and how many are left out.

    `newest` is when the last of all these came.
    """

    title: str
    link: str
    hand_ins: Sequence[tuple[str, str]]
    more: int
    newest: datetime | None


def send_digests() -> int:
    """Queue the mails about what was handed in since the last ones; how many."""
    waiting = (
        select(Project.owner_id).join(Link, Link.project_id == Project.id).join(DropOff, DropOff.link_id == Link.id)
    )
    with read_transaction() as session:
        owners = session.scalars(waiting.where(DropOff.has_news, Project.trashed_at.is_(None)).distinct()).all()
    return sum(_send_to(owner_id) for owner_id in owners)


def _send_to(owner_id: int) -> int:
    """The mails about one account's projects, to each who owns one of them.

    Its hand-ins are marked as told in the same transaction, so that each is in one mail to a person.
    """
    moment = now()
    with transaction() as session:
        session.get_one(User, owner_id, with_for_update={"key_share": True})
        rows = _rows(session, owner_id)
        sections = [(project, _section(session, drop_off, link, project)) for drop_off, link, project in rows]
        for (drop_off, _link, _project), (_of, section) in zip(rows, sections, strict=True):
            drop_off.told_at, drop_off.has_news = section.newest or drop_off.told_at, False
        fresh = [(project, section) for project, section in sections if section.hand_ins]
        owners = {project: list_project_owners(session, project) for project in dict(fresh)}
        told: dict[User, list[Section]] = {}
        for project, section in fresh:
            for person in owners[project]:
                told.setdefault(person, []).append(section)
        key = f"{owner_id}-{moment:%Y%m%d%H%M%S}"
        return sum(_mail(session, user, each, key=f"handed-in-{user.id}-{key}") for user, each in told.items())


def _mail(session: Session, user: User, told: Sequence[Section], *, key: str) -> bool:
    """Queue one person's mail, where mail goes to them; whether it does."""
    email = addresses.find_confirmed_address(user) if user.suspended_at is None else None
    if not email or stopped.reason_for(session, email):
        return False
    facts = {"name": user.name, "sections": told, "count": sum(len(one.hand_ins) + one.more for one in told)}
    messages.queue(session, messages.prepare(to=email, template="handed_in", facts=facts, key=key))
    return True


def _rows(session: Session, owner_id: int) -> Sequence[tuple[DropOff, Link, Project]]:
    query = (
        select(DropOff, Link, Project)
        .join(Link, Link.id == DropOff.link_id)
        .join(Project, Project.id == Link.project_id)
        .where(DropOff.has_news, Project.owner_id == owner_id, Project.trashed_at.is_(None))
        .order_by(Link.id)
        .with_for_update(of=DropOff)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def _section(session: Session, drop_off: DropOff, link: Link, project: Project) -> Section:
    new = (HandIn.link_id == link.id, HandIn.handed_in_at > drop_off.told_at)
    count, newest = session.execute(select(func.count(), func.max(HandIn.handed_in_at)).where(*new)).one()
    columns = HandIn.name, HandIn.handed_in_at, func.json_array_length(HandIn.files)
    rows = session.execute(select(*columns).where(*new).order_by(HandIn.handed_in_at).limit(LISTED)).all()
    owner = session.get_one(User, project.owner_id)
    return Section(
        title=link.title,
        link=f"{config.current().base_url}/{owner.name}/{project.name}/settings/links/{link.id}",
        hand_ins=[_line(name, moment, files) for name, moment, files in rows],
        more=count - len(rows),
        newest=newest,
    )


def _line(name: str, moment: datetime | None, files: int) -> tuple[str, str]:
    told = f"{moment:%-d %B, %H:%M} UTC, " if moment else ""
    return name, f"{told}{files:,} file{'' if files == 1 else 's'}"
