"""The quota: what one owner's projects may hold together by the owner's plan, checked where the change commits."""

from dataclasses import replace

from sqlalchemy import bindparam, func, literal, select, union
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import plans
from framework.accounts.core.account import GROUP, Account
from framework.accounts.core.plans import Plan
from framework.accounts.models import PlanLimits, User
from framework.database.session import read_transaction
from framework.projects.core.access import ProjectAccess
from framework.projects.core.groups import list_owners, select_groups
from framework.projects.members.limits import FileOverPlan, OwnerUsage, QuotaExceeded, StoreFull, TooManyPrivateProjects
from framework.projects.models import Member, Project
from framework.projects.notify import emails
from framework.repositories.catalog.lfs_objects import count_pending_bytes
from framework.repositories.models import Repository

WARNED_PERCENTS = (80, 95)
"""How full a plan is when its owner gets a mail, once for each."""
FALLEN_PERCENTS = 2
"""So far below one of them there is room again, and the next mail may come: a repacking alone changes less."""


def read_owner_usage(session: Session, owner: User) -> OwnerUsage:
    """The plan of this account and what its projects hold."""
    name = plans.name_plan(owner)
    used, *limits = session.execute(_USAGE, {"owner_id": owner.id, "plan": name}).one()
    return OwnerUsage(plans.make_plan(name, limits), int(used), _group_name(owner))


def read_plan_of(access: ProjectAccess) -> Plan:
    """The plan of the project's owner."""
    with read_transaction() as session:
        return plans.plan_of(session, _owner_of(session, access))


def read_room(access: ProjectAccess) -> OwnerUsage:
    """What the project's owner has and may store, large files that are on their way counted as stored."""
    with read_transaction() as session:
        owner = _owner_of(session, access)
        usage = read_owner_usage(session, owner)
        return replace(usage, used_bytes=usage.used_bytes + count_pending_of_owner(session, owner.id))


def count_pending_of_owner(session: Session, owner_id: int) -> int:
    """The bytes of large files that are on their way into any of this account's projects."""
    return count_pending_bytes(session, select(Project.repository_id).where(Project.owner_id == owner_id))


def lock_owner(session: Session, access: ProjectAccess) -> User:
    """Have nobody else count what the owner's projects hold before this transaction ends; the account.

    To be called before any other row is locked, the repository's too, or two transactions could wait for each other.
    Rows that refer to the account are written meanwhile.
    """
    return session.scalars(_OWNER_LOCKED, {"project_id": access.id}).one()


def check_room(access: ProjectAccess, new_bytes: int) -> OwnerUsage:
    """What the project's owner has, if so much more would fit now; the commit point asks again.

    Raises:
        QuotaExceeded, StoreFull: it would not.
    """
    with read_transaction() as session:
        usage = read_owner_usage(session, _owner_of(session, access))
        refuse_excess(access, usage, new_bytes)
        refuse_full_store(session, new_bytes)
    return usage


def refuse_large_file(plan: Plan, path: str, size_bytes: int) -> None:
    """Let a file pass that is no larger than the plan allows.

    Raises:
        FileOverPlan.
    """
    if plan.file_bytes is not None and size_bytes > plan.file_bytes:
        raise FileOverPlan(path, plan, size_bytes=size_bytes)


def most_room_bytes(session: Session, account_id: int) -> int:
    """How much more somebody may store: in projects of their own, or of whoever lets them write and has most room."""
    writes = select(Project.owner_id).join(Member, Member.project_id == Project.id)
    theirs = writes.where(Member.user_id == account_id, Member.role != "reader")
    lenders = union(select(literal(account_id)), theirs, select_groups(account_id))
    owners = session.scalars(select(User).where(User.id.in_(lenders))).all()
    held = select(Project.owner_id, func.sum(Repository.stored_bytes)).join(Repository)
    mine = held.where(Project.owner_id.in_(lenders)).group_by(Project.owner_id)
    used = {owner_id: int(total) for owner_id, total in session.execute(mine)}
    named = {name: plans.read_plan(session, name) for name in {plans.name_plan(owner) for owner in owners}}
    return max(OwnerUsage(named[plans.name_plan(owner)], used.get(owner.id, 0)).room_bytes for owner in owners)


def store_room_bytes(session: Session) -> int | None:
    """How much more all projects together may hold, large files that are on their way taken off; None for any."""
    room = _store_room(session)
    return None if room is None else room - count_pending_bytes(session, select(Project.repository_id))


def refuse_full_store(session: Session, new_bytes: int) -> None:
    """Let a change pass that adds nothing, or for which the whole store has room.

    Raises:
        StoreFull.
    """
    room = _store_room(session) if new_bytes else None
    if room is not None and new_bytes > room:
        raise StoreFull


def admit_private_project(session: Session, owner_id: int) -> None:
    """Let one more project of this account be private, with the account locked where its plan counts them.

    To be called before any other row is locked. What is private already stays so, however many there are.

    Raises:
        TooManyPrivateProjects.
    """
    if plans.plan_of(session, session.get_one(User, owner_id)).private_projects is not None:
        _refuse_another_private(session, _lock(session, owner_id))


def lock_receiver(session: Session, account_id: int) -> bool:
    """Lock the account that is to own a project, before any other row; whether it is there.

    `admit_project` then asks its plan. A change that has locked the giver goes on meanwhile, and finds that the owner
    is another one.
    """
    mine = select(User.id).where(User.id == account_id).with_for_update(key_share=True)
    return session.scalar(mine) is not None


def admit_project(session: Session, owner_id: int, project: Project) -> None:
    """Let a project that exists come to this account: what it holds, and if it is private.

    To be called with the account locked, then the repository, to which something may have been pushed meanwhile.

    Raises:
        QuotaExceeded, TooManyPrivateProjects.
    """
    owner = session.get_one(User, owner_id)
    usage, new = read_owner_usage(session, owner), session.get_one(Repository, project.repository_id).stored_bytes
    if new > usage.room_bytes:
        raise QuotaExceeded(owner.name, usage, new_bytes=new)
    if project.visibility == "private":
        _refuse_another_private(session, owner)


def check_private_room(account: Account) -> None:
    """Whether this person could have one more private project now; its creation asks again.

    Raises:
        TooManyPrivateProjects.
    """
    with read_transaction() as session:
        _refuse_another_private(session, session.get_one(User, account.id))


def count_private_projects(session: Session, owner_id: int) -> int:
    """How many private projects this account owns, those in the trash included."""
    mine = (Project.owner_id == owner_id, Project.visibility == "private")
    return session.scalars(select(func.count()).select_from(Project).where(*mine)).one()


def count_used_bytes(session: Session, owner_id: int) -> int:
    """What the owner's projects hold in the store, those in the trash included."""
    return int(session.scalar(_USED, {"owner_id": owner_id}) or 0)


_STORED = select(func.coalesce(func.sum(Repository.stored_bytes), 0))
_USED = _STORED.join(Project, Project.repository_id == Repository.id).where(Project.owner_id == bindparam("owner_id"))
_PLAN = select(bindparam("plan", type_=PlanLimits.name.type).label("name")).subquery()
_USAGE = select(_USED.scalar_subquery(), *plans.LIMITS).select_from(
    _PLAN.outerjoin(PlanLimits, PlanLimits.name == _PLAN.c.name)
)
_OWNER = select(User).join(Project, Project.owner_id == User.id).where(Project.id == bindparam("project_id"))
_OWNER_LOCKED = _OWNER.with_for_update(key_share=True, of=User).execution_options(populate_existing=True)


def _lock(session: Session, owner_id: int) -> User:
    return session.get_one(User, owner_id, with_for_update={"key_share": True}, populate_existing=True)


def _owner_of(session: Session, access: ProjectAccess) -> User:
    return session.scalars(_OWNER, {"project_id": access.id}).one()


def _group_name(owner: User) -> str | None:
    return owner.name if owner.kind == GROUP else None


def _refuse_another_private(session: Session, owner: User) -> None:
    plan = plans.plan_of(session, owner)
    if plan.private_projects is not None and count_private_projects(session, owner.id) >= plan.private_projects:
        raise TooManyPrivateProjects(plan, _group_name(owner))


def _store_room(session: Session) -> int | None:
    limit = config.current().store_max_bytes
    if limit is None:
        return None
    return limit - int(session.scalar(_STORED) or 0)


def refuse_excess(access: ProjectAccess, usage: OwnerUsage, new_bytes: int) -> None:
    """Let a change pass for which the owner has room.

    Raises:
        QuotaExceeded.
    """
    if new_bytes > usage.room_bytes:
        raise QuotaExceeded(access.owner, usage, new_bytes=new_bytes)


def warn_when_nearly_full(session: Session, owner: User, usage: OwnerUsage, new_bytes: int) -> None:
    """Mail the owner once for each of the percents that this change passes, and again after it fell below."""
    if usage.plan.stored_bytes is None:
        return
    limit = max(1, usage.plan.stored_bytes)
    before, after = usage.used_bytes * 100 / limit, (usage.used_bytes + new_bytes) * 100 / limit
    warned = min(owner.quota_warned_percent, _passed(before + FALLEN_PERCENTS))
    passed = _passed(after)
    if passed > warned:
        for user in list_owners(session, owner):
            emails.mail_nearly_full(session, user, owner, used_bytes=usage.used_bytes + new_bytes, limit_bytes=limit)
    if max(warned, passed) != owner.quota_warned_percent:
        owner.quota_warned_percent = max(warned, passed)


def _passed(percent: float) -> int:
    return max((each for each in WARNED_PERCENTS if each <= percent), default=0)
