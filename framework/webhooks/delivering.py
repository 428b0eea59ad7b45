"""Deliveries: tried until the server takes them or a day is over, and what came of each try.

A delivery keeps its id, so a receiver that gets one twice (a worker died between the answer and its record) can tell.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from framework import __version__
from framework.accounts.core.budgets import BudgetSpent, spend, spend_now
from framework.accounts.core.ways_in.sealing import Unreadable, unseal
from framework.accounts.models import User
from framework.celery.outbox import enqueue
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Invalid
from framework.projects.models import Project
from framework.repositories.models import Repository
from framework.webhooks import sending
from framework.webhooks.emails import mail_switched_off
from framework.webhooks.models import Delivery, Webhook
from framework.webhooks.outgoing import PING, TASK
from framework.webhooks.payloads import ToldProject, make_body
from framework.webhooks.standing import why_waiting

WAITING, DELIVERED, FAILED, DROPPED = "waiting", "delivered", "failed", "dropped"
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240))
"""How long after a failed try the next one is; the last delay is repeated."""
TRIED_FOR = timedelta(days=1)
WAITS_FOR = timedelta(days=2)
"""So long at most a delivery waits whose webhook is left alone, or has spent its budget."""
OFF_AFTER = timedelta(days=3)
"""A webhook whose deliveries have only failed for so long is switched off; time in which none was tried is left out."""
KEPT = 50
"""So many of a webhook's deliveries are kept."""
SLOW_SECONDS = 2


@dataclass(frozen=True)
class Job:
    """What one try needs."""

    delivery: Delivery
    hook: Webhook
    project: ToldProject | None


@dataclass(frozen=True)
class Outcome:
    """What came of a try: the server's reply, or in `problem` why there is none; `is_slow` if it was waited for."""

    milliseconds: int
    reply: sending.Reply | None = None
    problem: str = ""
    is_slow: bool = False

    @property
    def is_delivered(self) -> bool:
        """Whether the server has taken it."""
        return self.reply is not None and 200 <= self.reply.status < 300


def deliver(delivery_id: str) -> str:
    """Try a delivery that waits, unless its time has not come; its state afterwards.

    Raises:
        What `make_body` raises: the project cannot be read now.
    """
    job = _begin(delivery_id)
    if isinstance(job, str):
        return job
    try:
        spend_now(*_list_budgets(job))
    except BudgetSpent as spent:
        return _wait(delivery_id, timedelta(seconds=spent.wait_seconds))
    body = job.delivery.body or _keep_body(job)
    return _record(job, _try(job, body.encode()))


def _list_budgets(job: Job) -> list[str]:
    """Whose deliveries are counted: the owner's, and for a group's webhook those of the one project, too."""
    owner = f"webhook:{job.hook.owner_id}"
    of_one = f"webhook-project:{job.hook.owner_id}:{job.delivery.project_id}"
    return [owner, of_one] if job.hook.project_id is None and job.delivery.project_id else [owner]


def sign(secret: str, body: bytes) -> str:
    """The value of the header that proves who sent a body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _begin(delivery_id: str) -> Job | str:
    """What is to be sent; its state when nothing is: it was, nobody may be told any more, or the server is spared."""
    with transaction() as session:
        row = session.get(Delivery, delivery_id, with_for_update=True)
        if row is None or row.state != WAITING:
            return row.state if row else DROPPED
        hook = session.get_one(Webhook, row.webhook_id)
        project = _read_project(session, hook, row)
        if problem := _why_not(session, hook, row, project):
            return _end_untried(session, row, DROPPED, problem)
        if row.queued_at < now() - WAITS_FOR:
            problem = "There was no time for it: too much was to be sent, or too slowly"
            return _end_untried(session, row, FAILED, problem)
        if hook.paused_until and hook.paused_until > now():
            enqueue(session, TASK, row.id, not_before=_when_to_look(row, hook.paused_until))
            return WAITING
        return Job(row, hook, project)


def _read_project(session: Session, hook: Webhook, row: Delivery) -> ToldProject | None:
    """The project of the delivery, if it is there and still belongs to whom it did when the webhook was set."""
    query = (
        select(Project, User.name, Repository.default_branch)
        .join(User, User.id == Project.owner_id)
        .join(Repository, Repository.id == Project.repository_id)
        .where(Project.id == row.project_id, Project.owner_id == hook.owner_id, Project.trashed_at.is_(None))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    project, owner, branch = found
    is_private = project.visibility != "public"
    return ToldProject(project.id, owner, project.name, is_private, project.repository_id, branch)


def _why_not(session: Session, hook: Webhook, row: Delivery, project: ToldProject | None) -> str:
    """Why nobody is told; empty where somebody is."""
    if session.get_one(User, hook.owner_id).suspended_at is not None:
        return "The owner is suspended"
    if not hook.active and row.event != PING:
        return "The webhook is off"
    if waits := why_waiting(session, hook):
        return waits
    if project is None and (row.event != PING or hook.project_id is not None):
        return "The project is in the trash, or belongs to somebody else"
    return ""


def _end_untried(session: Session, row: Delivery, state: str, problem: str) -> str:
    row.state, row.problem = state, problem
    _forget_old(session, row.webhook_id)
    return state


def _when_to_look(row: Delivery, paused_until: datetime) -> datetime:
    """When the pause ends, or later for what has waited long: however many pauses follow, it is looked at rarely."""
    return max(paused_until, now() + min((now() - row.queued_at) / 2, DELAYS[-2]))


def _keep_body(job: Job) -> str:
    """Make the body and keep it, so that every try sends the same."""
    row = job.delivery
    body = make_body(row.event, row.facts, job.project, hook_id=job.hook.id, happened_at=row.created_at)
    with transaction() as session:
        if kept := session.get(Delivery, row.id):
            kept.body = body
    return body


def _try(job: Job, body: bytes) -> Outcome:
    started = monotonic()
    try:
        secret = unseal(job.hook.sealed)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Holdfast/{__version__}",
            "X-Holdfast-Event": job.delivery.event,
            "X-Holdfast-Delivery": job.delivery.id,
            "X-Holdfast-Signature-256": sign(secret, body),
        }
        reply = sending.post(job.hook.url, body, headers)
    except Unreadable:
        return Outcome(0, problem="The secret cannot be read any more; set a new one")
    except Invalid as refusal:
        return Outcome(0, problem=refusal.sentence.rstrip(".")[:200])
    except sending.Undelivered as failure:
        return Outcome(_since(started), problem=str(failure)[:200], is_slow=failure.is_slow)
    return Outcome(_since(started), reply)


def _since(started: float) -> int:
    return int((monotonic() - started) * 1000)


def _record(job: Job, outcome: Outcome) -> str:
    """Write what came of the try, and what follows from it; the delivery's state."""
    with transaction() as session:
        hook = session.get(Webhook, job.hook.id, with_for_update={"key_share": True}, populate_existing=True)
        row = session.get(Delivery, job.delivery.id, populate_existing=True)
        if hook is None or row is None:
            return DROPPED
        failing_since = _count_failing(session, hook)
        row.attempts, row.tried_at, row.milliseconds = row.attempts + 1, now(), outcome.milliseconds
        row.status = outcome.reply.status if outcome.reply else None
        row.answer, row.problem = outcome.reply.text if outcome.reply else "", outcome.problem
        if outcome.is_delivered:
            row.state, hook.failing_since, hook.paused_until = DELIVERED, None, None
        else:
            hook.failing_since = failing_since
            _follow_failure(session, hook, row, outcome)
        if outcome.milliseconds > SLOW_SECONDS * 1000:
            _spare_slow(session, hook)
        _forget_old(session, hook.id)
        return row.state


def _follow_failure(session: Session, hook: Webhook, row: Delivery, outcome: Outcome) -> None:
    """Try again later, unless a day is over; leave a server alone that did not answer, and a dead webhook for good."""
    again_at = now() + DELAYS[min(row.attempts, len(DELAYS)) - 1]
    if row.event == PING or again_at > row.queued_at + TRIED_FOR:
        row.state = FAILED
    else:
        enqueue(session, TASK, row.id, not_before=again_at)
    if outcome.is_slow:
        hook.paused_until = min(again_at, now() + DELAYS[-2])
    if hook.active and hook.failing_since and now() - hook.failing_since > OFF_AFTER:
        hook.active, hook.switched_off_at = False, now()
        mail_switched_off(session, hook, outcome.problem or f"Status {row.status}")


def _count_failing(session: Session, hook: Webhook) -> datetime:
    """Since when deliveries fail if this one does, less the time in which nothing was to be tried."""
    if hook.failing_since is None:
        return now()
    last = session.scalar(select(func.max(Delivery.tried_at)).where(Delivery.webhook_id == hook.id))
    quiet = now() - last - DELAYS[-1] if last else OFF_AFTER
    return min(now(), hook.failing_since + max(quiet, timedelta(0)))


def _spare_slow(session: Session, hook: Webhook) -> None:
    """Let a server that takes its time have no more of ours than others: after some slow answers it is left alone."""
    try:
        spend(session, [f"webhook-slow:{hook.owner_id}"])
    except BudgetSpent as spent:
        hook.paused_until = now() + timedelta(seconds=spent.wait_seconds)


def _forget_old(session: Session, hook_id: int) -> None:
    ended = Delivery.webhook_id == hook_id, Delivery.state != WAITING
    old = select(Delivery.id).where(*ended).order_by(Delivery.created_at.desc(), Delivery.id).offset(KEPT)
    chosen = select(Delivery.id).where(*ended, Delivery.id.in_(session.scalars(old).all()))
    free = session.scalars(chosen.order_by(Delivery.id).with_for_update(skip_locked=True)).all()  # others forget, too
    session.execute(delete(Delivery).where(Delivery.id.in_(free)))


def _wait(delivery_id: str, delay: timedelta) -> str:
    with transaction() as session:
        enqueue(session, TASK, delivery_id, not_before=now() + delay)
    return WAITING
