"""Plans: how much somebody may store, how many private projects they may have, and how large a file may be.

A plan belongs to a person in one of two ways: an administrator gave it, or their confirmed address decides. An address
of a university brings the student plan for a year after its confirmation; confirming it again renews that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.models import PlanLimits, User
from framework.database.types import now
from framework.errors import NotFound

FREE, STUDENT, UNLIMITED = "free", "student", "unlimited"
PLANS = (FREE, STUDENT, UNLIMITED)
STUDENT_TIME = timedelta(days=365)
RENEWABLE_TIME = timedelta(days=60)
"""So long before its end the student plan can be renewed."""
STUDENT_SHARE = 4
"""How many times as much as `QUOTA_BYTES` a student stores, as long as no administrator changes it."""
NO_LIMIT_BYTES = 1 << 50
"""What stands for no limit where sizes are compared: a pebibyte, which JavaScript counts exactly, too."""


class PlanUnknown(NotFound):
    """There is no plan of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no plan {name}. Plans are {', '.join(PLANS)}.")


@dataclass(frozen=True)
class Plan:
    """What a plan allows: bytes in all projects together, private projects, bytes of one file; None for no limit."""

    name: str
    stored_bytes: int | None = None
    private_projects: int | None = None
    file_bytes: int | None = None

    @property
    def most_bytes(self) -> int:
        """How much may be stored, for comparisons."""
        return NO_LIMIT_BYTES if self.stored_bytes is None else self.stored_bytes

    def limit_file(self, server_bytes: int) -> int:
        """How large a file may be where the server takes at most so many bytes."""
        return server_bytes if self.file_bytes is None else min(server_bytes, self.file_bytes)


@dataclass(frozen=True)
class PlanHeld:
    """Somebody's plan: whether an administrator gave it, and until when the address brings it, None for always.

    `renewable` says whether confirming the address again would bring the student plan, or make it last longer.
    """

    plan: Plan
    given: bool
    ends_at: datetime | None = None
    renewable: bool = False


def plan_of(session: Session, user: User) -> Plan:
    """The plan that this person has now."""
    return read_plan(session, name_plan(user))


def name_plan(user: User) -> str:
    """What the plan is called that this person has now."""
    if user.plan is not None:
        return user.plan if user.plan in PLANS else FREE  # a later release may know others
    until = _student_until(user)
    return STUDENT if until and until > now() else FREE


def read_plan(session: Session, name: str) -> Plan:
    """What the plan of this name allows.

    Raises:
        PlanUnknown.
    """
    row = session.execute(_CHANGED, {"name": name}).one_or_none()
    return make_plan(name, row or ())


LIMITS = (PlanLimits.name, PlanLimits.stored_bytes, PlanLimits.private_projects, PlanLimits.file_bytes)
"""What a plan is made of; all of them NULL where no administrator has changed it."""
_CHANGED = select(*LIMITS).where(PlanLimits.name == bindparam("name"))


def make_plan(name: str, limits: Sequence[Any]) -> Plan:
    """The plan of this name, with these `LIMITS` if they are any.

    Raises:
        PlanUnknown.
    """
    return Plan(*limits) if limits and limits[0] else default_plan(name)


def default_plan(name: str) -> Plan:
    """What it allows as long as no administrator has changed it.

    Raises:
        PlanUnknown.
    """
    quota = config.current().quota_bytes
    defaults = {FREE: Plan(FREE, quota), STUDENT: Plan(STUDENT, quota * STUDENT_SHARE), UNLIMITED: Plan(UNLIMITED)}
    if name not in defaults:
        raise PlanUnknown(name)
    return defaults[name]


def read_held_plan(session: Session, user: User) -> PlanHeld:
    """The plan that this person has now, and why."""
    plan = plan_of(session, user)
    ends_at = _student_until(user) if plan.name == STUDENT and user.plan is None else None
    return PlanHeld(plan, given=user.plan is not None, ends_at=ends_at, renewable=is_renewable(user))


def is_academic(email: str) -> bool:
    """Whether the address is one of `ACADEMIC_DOMAINS`, or below one."""
    domain = "." + email.rpartition("@")[2].casefold()
    return any(domain.endswith("." + academic) for academic in config.current().academic_domains)


def is_renewable(user: User) -> bool:
    """Whether confirming the address again would bring the student plan, or make it last longer."""
    if user.plan is not None or user.email_verified_at is None or not is_academic(user.email):
        return False
    return user.email_verified_at + STUDENT_TIME - now() < RENEWABLE_TIME


def renew(session: Session, user: User) -> None:
    """Let the year begin again for whoever has opened the link to their confirmed address."""
    session.refresh(user, with_for_update={"key_share": True})
    if is_renewable(user):
        user.email_verified_at = now()


def _student_until(user: User) -> datetime | None:
    confirmed_at = user.email_verified_at
    return confirmed_at + STUDENT_TIME if confirmed_at and is_academic(user.email) else None
