"""What administrators change about a plan; it holds at once for everybody who has it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from framework.accounts.core import plans
from framework.accounts.core.account import GROUP, Account, recheck_administrator
from framework.accounts.core.plans import Plan
from framework.accounts.models import PlanLimits, User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction


def list_plans() -> list[Plan]:
    """All plans, the smallest first."""
    with read_transaction() as session:
        return [plans.read_plan(session, name) for name in plans.PLANS]


@dataclass(frozen=True)
class Given:
    """How many people and groups were given a plan by an administrator."""

    people: int = 0
    groups: int = 0


def count_given() -> Mapping[str, Given]:
    """How many have each plan that an administrator gave to anybody; deleted accounts do not count."""
    groups = func.count().filter(User.kind == GROUP)
    query = select(User.plan, func.count() - groups, groups).where(User.plan.is_not(None), User.deleted_at.is_(None))
    with read_transaction() as session:
        found = session.execute(query.group_by(User.plan))
        return {str(plan): Given(people, groups) for plan, people, groups in found}


def edit_plan(plan: Plan, *, by: Account) -> None:
    """Let this plan allow something else from now on; what is stored already stays.

    Raises:
        PlanUnknown.
        NotAdministrator: `by` is none any more.
    """
    plans.default_plan(plan.name)
    with transaction() as session:
        recheck_administrator(session, by)
        _tell(session, plan, by=by)
        session.merge(
            PlanLimits(
                name=plan.name,
                stored_bytes=plan.stored_bytes,
                private_projects=plan.private_projects,
                file_bytes=plan.file_bytes,
            )
        )


def reset_plan(name: str, *, by: Account) -> Plan:
    """Let the plan allow again what the deployment's settings say; what that is.

    Raises:
        PlanUnknown.
        NotAdministrator: `by` is none any more.
    """
    default = plans.default_plan(name)
    with transaction() as session:
        recheck_administrator(session, by)
        _tell(session, default, by=by)
        session.execute(delete(PlanLimits).where(PlanLimits.name == name))
    return default


def _tell(session: Session, plan: Plan, *, by: Account) -> None:
    allowed = {"bytes": plan.stored_bytes, "private": plan.private_projects, "file_bytes": plan.file_bytes}
    audit.record(session, "plan_edited", actor=by, plan=plan.name, allows=allowed)
