"""Links: their tokens, found again by their SHA-256, and what a request shows that it was let in by one.

A plain view-only link lets a request look at its project: its digest is kept in the browser's session, which is signed,
and its token may be the password of `git clone`. The API looks at neither. `project_for` asks here, and nobody else.
"""

import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime

from flask import has_request_context, request
from flask import session as browser_session
from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from framework.accounts.core.credentials import USE_NOTED_EVERY, digest
from framework.accounts.models import User
from framework.audit import log as audit
from framework.audit.log import Named
from framework.database.session import read_rows, read_transaction, transaction
from framework.database.types import now
from framework.projects.models import Link, Project

VIEW, DROP = "view", "drop"
SHOWN, MOST_SHOWN = "links", 20
"""Where the browser's session keeps digests, and how many: the newest."""
PREFIX = "hl_"
RANDOM_LENGTH = 40
_CHARACTERS = string.digits + string.ascii_letters
_TOKEN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_LENGTH}}}")


@dataclass(frozen=True)
class LinkSummary:
    """What a project's page of sharing tells of a link: view-only, possibly anonymised, or a drop-off."""

    kind: str
    title: str
    anonymous: bool
    expires_at: datetime | None


def new_token() -> str:
    """The last part of a link that nobody has: a mark and 40 random letters and digits."""
    return PREFIX + "".join(secrets.choice(_CHARACTERS) for _ in range(RANDOM_LENGTH))


def is_token(text: str) -> bool:
    """Whether a text can be a link's token."""
    return _TOKEN.fullmatch(text) is not None


def find_link(session: Session, token: str, kind: str) -> Link | None:
    """The link of this kind that the token is of; None when there is none, or it has ended or does not open now."""
    if not is_token(token):
        return None
    link = session.scalar(select(Link).where(Link.digest == digest(token), Link.kind == kind, _opens()))
    return link if link is not None and is_living(link) else None


def is_living(link: Link, moment: datetime | None = None) -> bool:
    """Whether the link was neither revoked nor has expired."""
    return link.revoked_at is None and (link.expires_at is None or link.expires_at > (moment or now()))


def shown_digests() -> list[str]:
    """The digests of the links by which this request wants to look; they need not be of any that lives."""
    if not has_request_context() or request.path.startswith("/api/"):
        return []
    password = request.authorization.password if request.authorization else None
    known: list[str] = browser_session.get(SHOWN, [])
    return [*known, digest(password)] if password and is_token(password) else known


def show(link_digest: str) -> None:
    """Let this browser look at the link's project from now on, as long as the link lives."""
    others = [known for known in browser_session.get(SHOWN, []) if known != link_digest]
    browser_session[SHOWN] = [*others, link_digest][-MOST_SHOWN:]


def find_shown_link(project_id: int) -> int | None:
    """The number of a living link, not anonymised, that this request shows and that lets it look at the project."""
    if not (digests := shown_digests()):
        return None
    mine = (Link.project_id == project_id, Link.kind == VIEW, Link.anonymous.is_(False), Link.digest.in_(digests))
    with read_rows() as connection:
        return connection.scalar(select(Link.id).where(*mine, *_lives(), _opens()).limit(1))


def _opens() -> ColumnElement[bool]:
    """Nobody looks by a link while who made it, or who owns the project, is suspended; a drop-off shows nothing."""
    owner_id = select(Project.owner_id).where(Project.id == Link.project_id).correlate(Link).scalar_subquery()
    concerned = or_(User.id == Link.made_by_id, User.id == owner_id)
    is_suspended = exists().where(concerned, User.suspended_at.is_not(None)).correlate(Link)
    return or_(Link.kind != VIEW, ~is_suspended)


def _lives() -> tuple[ColumnElement[bool], ...]:
    return Link.revoked_at.is_(None), or_(Link.expires_at.is_(None), Link.expires_at > now())


def list_links(project_id: int) -> list[LinkSummary]:
    """The project's links that live, the newest first."""
    columns = Link.kind, Link.title, Link.anonymous, Link.expires_at
    query = select(*columns).where(Link.project_id == project_id, *_lives()).order_by(Link.id.desc())
    with read_transaction() as session:
        return [LinkSummary(*row) for row in session.execute(query)]


def revoke_view_links(session: Session, row: Project, person_id: int, *, by: Named | None) -> None:
    """End the view-only links that somebody made who may make none any more: they could go on to look themselves.

    Their drop-off links stay, since nobody reads by one, and what is collected belongs to the project.
    """
    theirs = (Link.project_id == row.id, Link.made_by_id == person_id, Link.kind == VIEW, *_lives())
    for link in session.scalars(select(Link).where(*theirs).order_by(Link.id).with_for_update()).all():
        link.revoked_at = now()
        owner = session.get_one(User, row.owner_id)
        tell_audit(session, "link_revoked", link, by=by, project=audit.ToldProject(row.id, f"{owner.name}/{row.name}"))


def tell_audit(session: Session, kind: str, link: Link, *, by: Named | None, project: audit.ToldProject) -> None:
    """Have the audit log tell that a link was made or revoked."""
    audit.record(session, kind, actor=by, project=project, link=link.kind, title=link.title, anonymous=link.anonymous)


def note_use(link_id: int) -> None:
    """Note that the link was used, where the last time that is noted was an hour ago."""
    is_old = or_(Link.last_used_at.is_(None), Link.last_used_at < now() - USE_NOTED_EVERY)
    with transaction() as session:
        session.execute(update(Link).where(Link.id == link_id, is_old).values(last_used_at=now()))
