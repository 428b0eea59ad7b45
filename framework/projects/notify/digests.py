"""The mails about what happened in projects: notices are gathered, and one mail tells of many.

Whoever wants mail at once gets it when nobody has done anything in the project for `QUIET`, so that a session of
uploads is one mail; a session without end is told of after `LONGEST_SESSION`. Digests go at each full hour, or at
`DIGEST_HOUR` in UTC; a project of which the person has heard nothing for an hour, or a day, is told of when nobody has
done anything in it for `FIRST_QUIET`, and the digest gathers what follows. That an idle project was opened again waits
for the digest, and nothing waits because of it. The mail is queued in the transaction that
settles its notices: each is in one mail, or in none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core import addresses
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages, stopped
from framework.projects.models import Event, MailChoice, Member, Notice, Project
from framework.projects.notify.notices import MAILED, WOKEN
from framework.projects.notify.preferences import AT_ONCE, DAILY, EVERY_PROJECT, HOURLY, OFF, unsubscribe_link
from framework.projects.notify.summaries import Happened, ProjectStory, story

QUIET = timedelta(minutes=2)
FIRST_QUIET = timedelta(seconds=15)
LONGEST_SESSION = timedelta(hours=2)
DIGEST_HOUR = 7
AT_A_TIME = 5000
SINCE = {HOURLY: "during the last hour", DAILY: "since the last digest"}
PERIODS = {HOURLY: timedelta(hours=1), DAILY: timedelta(days=1)}


@dataclass(frozen=True)
class Row:
    """One notice that no mail has told of, with what it takes to decide and to tell."""

    notice: Notice
    event: Event
    actor: str | None
    project: Project
    owner: str
    frequency: str
    takes_part: bool

    @property
    def is_wanted(self) -> bool:
        """Whether a mail is to tell of it: who has read it, or may not see it any more, needs none."""
        gone = self.project.trashed_at is not None or not self.takes_part
        return not gone and self.notice.read_at is None and self.frequency != OFF


def send_news() -> int:
    """Queue every mail whose time has come; how many."""
    with read_transaction() as session:
        users = session.scalars(select(Notice.user_id).where(Notice.settled_at.is_(None)).distinct()).all()
    return sum(_send_to(user_id) for user_id in users)


def _send_to(user_id: int) -> int:
    with transaction() as session:
        user = session.scalars(select(User).where(User.id == user_id).with_for_update(key_share=True)).one()
        rows = _rows(session, user)
        reachable = _is_reachable(session, user)
        _mark_mailed([row for row in rows if not (row.is_wanted and reachable)])
        wanted = [row for row in rows if row.is_wanted and reachable]
        mails = list(_mails(wanted, _last_told(session, user)))
        for template, told in mails:
            _queue(session, user, "woken" if _is_waking(told) else template, told)
            _mark_mailed(told)
    return len(mails)


def _is_reachable(session: Session, user: User) -> bool:
    """Whether mail goes to this person: neither suspended, nor at an address that is unconfirmed or takes none."""
    email = addresses.confirmed_address(user)
    return user.suspended_at is None and email is not None and stopped.reason_for(session, email) is None


def _rows(session: Session, user: User) -> list[Row]:
    actor, owner = aliased(User), aliased(User)
    query = (
        select(Notice, Event, actor.name, Project, owner.name, MailChoice.frequency, Member.role)
        .join(Event, Event.id == Notice.event_id)
        .join(Project, Project.id == Event.project_id)
        .join(owner, owner.id == Project.owner_id)
        .outerjoin(actor, actor.id == Event.actor_id)
        .outerjoin(MailChoice, (MailChoice.project_id == Project.id) & (MailChoice.user_id == user.id))
        .outerjoin(Member, (Member.project_id == Project.id) & (Member.user_id == user.id))
        .where(Notice.user_id == user.id, Notice.settled_at.is_(None))
        .order_by(Project.id, Event.id)
        .limit(AT_A_TIME)
    )
    return [
        Row(
            notice, event, who, project, whose, choice or user.mail_frequency, bool(role) or project.owner_id == user.id
        )
        for notice, event, who, project, whose, choice, role in session.execute(query)
    ]


def _mark_mailed(rows: Iterable[Row]) -> None:
    for row in rows:
        row.notice.settled_at = now()


def _last_told(session: Session, user: User) -> dict[int, datetime]:
    """When each project's news were last settled for this person, as far as a day back."""
    query = (
        select(Event.project_id, func.max(Notice.settled_at))
        .join(Notice, Notice.event_id == Event.id)
        .where(Notice.user_id == user.id, Event.kind.in_(MAILED - {WOKEN}))
        .where(Notice.settled_at > now() - max(PERIODS.values()))
        .group_by(Event.project_id)
    )
    return {project_id: settled_at for project_id, settled_at in session.execute(query) if settled_at}


def _mails(rows: Sequence[Row], told: Mapping[int, datetime]) -> Iterable[tuple[str, list[Row]]]:
    """The templates of the mails whose time has come, each with what it tells of."""
    mentions = [row for row in rows if row.notice.mentioned]
    others = [row for row in rows if not row.notice.mentioned]
    for _project, group in groupby(mentions, key=lambda row: row.project.id):
        yield "mention", list(group)
    gathered: list[Row] = []
    for project_id, group in groupby(others, key=lambda row: row.project.id):
        session_of = list(group)
        quiet = _quiet_to_wait(session_of, told.get(project_id))
        if quiet is None:
            gathered += session_of
        elif _is_over(session_of, quiet):
            yield "new_versions", session_of
    yield from _digests(gathered)


def _quiet_to_wait(rows: Sequence[Row], told: datetime | None) -> timedelta | None:
    """For how long nobody may have done anything before these news are told; None when a digest tells of them."""
    frequency = rows[0].frequency
    if frequency == AT_ONCE:
        return QUIET
    if _is_waking(rows):
        return None
    return FIRST_QUIET if told is None or told < now() - PERIODS[frequency] else None


def _is_waking(rows: Sequence[Row]) -> bool:
    """Whether these tell of one project, and only that it was opened again."""
    return {(row.project.id, row.event.kind) for row in rows} == {(rows[0].project.id, WOKEN)}


def _digests(rows: Sequence[Row]) -> Iterable[tuple[str, list[Row]]]:
    for frequency, boundary in ((HOURLY, _full_hour()), (DAILY, _digest_time())):
        gathered = [row for row in rows if row.frequency == frequency]
        if gathered and min(row.notice.created_at for row in gathered) < boundary:
            yield "digest", gathered


def _is_over(rows: Sequence[Row], quiet: timedelta) -> bool:
    moments = [row.notice.created_at for row in rows]
    return max(moments) < now() - quiet or min(moments) < now() - LONGEST_SESSION


def _full_hour() -> datetime:
    return now().replace(minute=0, second=0, microsecond=0)


def _digest_time() -> datetime:
    """The last moment at which a daily digest was due."""
    today = _full_hour().replace(hour=DIGEST_HOUR)
    return today if today <= now() else today - timedelta(days=1)


def _queue(session: Session, user: User, template: str, rows: Sequence[Row]) -> None:
    stories = [_story(list(group)) for _id, group in groupby(rows, key=lambda row: row.project.id)]
    single = len(stories) == 1
    facts = {"name": user.name, "project": stories[0], "projects": stories, "since": SINCE.get(rows[0].frequency, "")}
    messages.queue(
        session,
        to=user.email,
        template=template,
        facts=facts,
        key=f"news-{user.id}-{max(row.notice.id for row in rows)}-{len(rows)}",
        unsubscribe=unsubscribe_link(user.id, rows[0].project.id if single else EVERY_PROJECT),
    )


def _story(rows: Sequence[Row]) -> ProjectStory:
    first = rows[0]
    name = f"{first.owner}/{first.project.name}"
    link = f"{config.current().base_url}/{name}"
    return story(name, link, [Happened(row.actor or "Somebody", row.event.kind, row.event.details) for row in rows])
