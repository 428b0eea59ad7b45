"""The mails about what happened in projects: notices are gathered, and one mail tells of many.

Whoever wants mail at once gets it when nobody has done anything in the project for `QUIET`, so that a session of
uploads is one mail; a session without end is told of after `LONGEST_SESSION`. Digests go at each full hour, or at
`DIGEST_HOUR` in UTC; a project of which the person has heard nothing for an hour, or a day, is told of when nobody has
done anything in it for `FIRST_QUIET`, and the digest gathers what follows. That an idle project was opened again waits
for the digest, and nothing waits because of it.

What to tell is read, the mails are rendered without a transaction, and each is queued in the short one that marks its
notices as mailed. That one fails when another process has told of any of them meanwhile, so each notice is in one mail,
or in none; what has been left out, or was written meanwhile, waits for the next time.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import name_person
from framework.accounts.models import GroupMember, User
from framework.database.session import read_transaction, transaction
from framework.database.types import later, now
from framework.email import messages, stopped
from framework.email.messages import Message
from framework.errors import Conflict, HoldfastError
from framework.projects.core.groups import WITH_PROJECTS, group_role, joins_group
from framework.projects.models import Event, MailChoice, Member, Notice, Project
from framework.projects.notify.notices import MAILED, WOKEN
from framework.projects.notify.preferences import AT_ONCE, DAILY, EVERY_PROJECT, HOURLY, OFF, unsubscribe_link
from framework.projects.notify.summaries import Happened, ProjectStory, story

QUIET = timedelta(minutes=2)
FIRST_QUIET = timedelta(seconds=15)
LONGEST_SESSION = timedelta(hours=2)
A_MOMENT = timedelta(seconds=1)
"""By so much the clocks of machines may differ without a run that comes too early."""
DIGEST_HOUR = 7
AT_A_TIME = 5000
SINCE = {HOURLY: "during the last hour", DAILY: "since the last digest"}
PERIODS = {HOURLY: timedelta(hours=1), DAILY: timedelta(days=1)}

log = logging.getLogger(__name__)


_OWN = (MailChoice.frequency, Member.role, GroupMember.role)
"""What the reader of a digest chose, and is, in a project."""


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


@dataclass(frozen=True)
class Plan:
    """What to do about one person's notices: which no mail will tell of, and what each mail is to tell."""

    user: User
    unwanted: Sequence[Row]
    mails: Sequence[tuple[str, list[Row]]]


class ToldMeanwhile(Conflict):
    """Another process has told of a notice, or the person has read it, since the mail was planned."""


def send_news() -> int:
    """Queue every mail whose time has come; how many."""
    with read_transaction() as session:
        users = session.scalars(select(Notice.user_id).where(Notice.settled_at.is_(None)).distinct()).all()
    return sum(_try_to_send_to(user_id) for user_id in users)


def needs_news_at(last_run: ColumnElement[datetime]) -> Sequence[ColumnElement[datetime]]:
    """The next moments at which there may be news to tell, in SQL: mentions, and projects that were quiet for so long.

    What was due before the last run is left to the job's own runs, at full hours too: digests, sessions without end,
    and what the last run could not tell.
    """
    mentions = _find_first(Notice.mentioned & (Notice.created_at > later(last_run, -FIRST_QUIET)))
    waits = [quiet + A_MOMENT for quiet in (FIRST_QUIET, QUIET)]
    return [mentions, *(later(_find_first(Notice.created_at > later(last_run, -wait)), wait) for wait in waits)]


def _find_first(condition: ColumnElement[bool]) -> ColumnElement[datetime]:
    """When the first of the notices was written that no mail has told of and that satisfy the condition."""
    return select(func.min(Notice.created_at)).where(Notice.settled_at.is_(None), condition).scalar_subquery()


def _try_to_send_to(user_id: int) -> int:
    """One person's mail that cannot be written does not keep the others from theirs."""
    try:
        return _send_to(user_id)
    except HoldfastError as refusal:
        log.warning("The mails about news for the account %d were not queued: %s", user_id, refusal.sentence)
        return 0


def _send_to(user_id: int) -> int:
    with read_transaction() as session:
        user = session.get(User, user_id)
        plan = _plan(session, user) if user else None
    if plan is None:
        return 0
    if plan.unwanted:
        with transaction() as session:
            _mark_mailed(session, plan.unwanted)
    return sum(_send(plan.user, "woken" if _is_waking(rows) else template, rows) for template, rows in plan.mails)


def _plan(session: Session, user: User) -> Plan:
    rows = _rows(session, user)
    reachable = _is_reachable(session, user)
    wanted = [row for row in rows if row.is_wanted and reachable]
    unwanted = [row for row in rows if not (row.is_wanted and reachable)]
    return Plan(user, unwanted, list(_mails(wanted, _last_told(session, user))))


def _send(user: User, template: str, rows: Sequence[Row]) -> bool:
    """Queue one mail and mark what it tells of; whether it is this process that does."""
    message = _prepare(user, template, rows)
    try:
        _commit(user.id, message, rows)
    except ToldMeanwhile:
        return False
    return True


def _commit(user_id: int, message: Message, rows: Sequence[Row]) -> None:
    with transaction() as session:
        session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        if _mark_mailed(session, rows, unread=True) != len(rows):
            raise ToldMeanwhile
        messages.queue(session, message)


def _is_reachable(session: Session, user: User) -> bool:
    """Whether mail goes to this person: neither suspended, nor at an address that is unconfirmed or takes none."""
    email = addresses.find_confirmed_address(user)
    return user.suspended_at is None and email is not None and stopped.reason_for(session, email) is None


def _rows(session: Session, user: User) -> list[Row]:
    actor, owner = aliased(User), aliased(User)
    query = (
        select(Notice, Event, actor.name, actor.full_name, Project, owner.name, *_OWN)
        .join(Event, Event.id == Notice.event_id)
        .join(Project, Project.id == Event.project_id)
        .join(owner, owner.id == Project.owner_id)
        .outerjoin(actor, actor.id == Event.actor_id)
        .outerjoin(MailChoice, (MailChoice.project_id == Project.id) & (MailChoice.user_id == user.id))
        .outerjoin(Member, (Member.project_id == Project.id) & (Member.user_id == user.id))
        .outerjoin(GroupMember, joins_group(Project.owner_id, user.id) & group_role().in_(WITH_PROJECTS))
        .where(Notice.user_id == user.id, Notice.settled_at.is_(None))
        .order_by(Project.id, Event.id)
        .limit(AT_A_TIME)
    )
    return [
        Row(
            notice,
            event,
            who and name_person(who, full_name),
            project,
            whose,
            choice or user.mail_frequency,
            any(roles) or project.owner_id == user.id,
        )
        for notice, event, who, full_name, project, whose, choice, *roles in session.execute(query)
    ]


def _mark_mailed(session: Session, rows: Iterable[Row], *, unread: bool = False) -> int:
    """Mark those notices that no mail has told of, or only the unread ones among them; how many."""
    open_ones = and_(Notice.id.in_([row.notice.id for row in rows]), Notice.settled_at.is_(None))
    chosen = and_(open_ones, Notice.read_at.is_(None)) if unread else open_ones
    return len(session.scalars(update(Notice).where(chosen).values(settled_at=now()).returning(Notice.id)).all())


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


def _prepare(user: User, template: str, rows: Sequence[Row]) -> Message:
    stories = [_story(list(group)) for _id, group in groupby(rows, key=lambda row: row.project.id)]
    single = len(stories) == 1
    facts = {"name": user.name, "project": stories[0], "projects": stories, "since": SINCE.get(rows[0].frequency, "")}
    return messages.prepare(
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
