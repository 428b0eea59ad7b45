"""The quota: what one owner's projects may hold together, checked where the change commits."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.errors import TooLarge
from framework.formatting import format_size
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Member, Project
from framework.projects.notify import emails
from framework.repositories.catalog.changes import Change
from framework.repositories.catalog.lfs_objects import count_pending_bytes
from framework.repositories.models import Repository
from framework.repositories.write.commit import Precheck

WARN_AT = 0.9
"""Part of the quota; the change that passes it has its owner told."""


class QuotaExceeded(TooLarge):
    """The owner's projects would hold more than the quota."""

    def __init__(self, owner: str, *, used_bytes: int, new_bytes: int) -> None:
        super().__init__(
            f"The projects of {owner} together may hold {format_size(config.current().quota_bytes)}. They hold"
            f" {format_size(used_bytes)}, the trash included, and this would add {format_size(new_bytes)}. Nothing"
            f" was stored. {owner} can free room by deleting projects for good, from the trash, too, or ask the"
            f" administrator for more: {config.current().base_url}/settings/usage"
        )


class StoreFull(TooLarge):
    """The projects of all owners would hold more than `STORE_MAX_BYTES`."""

    def __init__(self) -> None:
        super().__init__(
            "This server has no room for more files. Nothing was stored. Write to the people who run "
            f"{config.current().base_url}, who can make room."
        )


def admission(access: ProjectAccess) -> Precheck:
    """What a commit point asks first, with the owner locked: the quota has room for what is new."""

    def precheck(session: Session, change: Change) -> None:
        owner_id = lock_owner(session, access)
        _refuse_excess(session, access, owner_id, change.new_bytes)
        refuse_full_store(session, change.new_bytes)
        _warn_when_nearly_full(session, owner_id, change.new_bytes)

    return precheck


def room_bytes(access: ProjectAccess) -> int:
    """How much more the project's owner may store, large files that are on their way taken off."""
    with read_transaction() as session:
        owner_id = session.scalars(select(Project.owner_id).where(Project.id == access.id)).one()
        return room_of_owner_bytes(session, owner_id)


def room_of_owner_bytes(session: Session, owner_id: int) -> int:
    """The same, of all projects of this account."""
    pending = count_pending_bytes(session, select(Project.repository_id).where(Project.owner_id == owner_id))
    return config.current().quota_bytes - count_used_bytes(session, owner_id) - pending


def lock_owner(session: Session, access: ProjectAccess) -> int:
    """Have nobody else count what the owner's projects hold before this transaction ends; the account's number.

    To be called before any other row is locked, the repository's too, or two transactions could wait for each other.
    Rows that refer to the account are written meanwhile.
    """
    owner_id = session.scalars(select(Project.owner_id).where(Project.id == access.id)).one()
    session.execute(select(User.id).where(User.id == owner_id).with_for_update(key_share=True))
    return owner_id


def check_room(access: ProjectAccess, new_bytes: int) -> None:
    """Whether so much more would fit now; the commit point asks again.

    Raises:
        QuotaExceeded, StoreFull: it would not.
    """
    with read_transaction() as session:
        owner_id = session.get_one(Project, access.id).owner_id
        _refuse_excess(session, access, owner_id, new_bytes)
        refuse_full_store(session, new_bytes)


def most_room_bytes(session: Session, account_id: int) -> int:
    """How much more somebody may store: in projects of their own, or of whoever lets them write and has most room."""
    writes = select(Project.owner_id).join(Member, Member.project_id == Project.id)
    others = session.scalars(writes.where(Member.user_id == account_id, Member.role != "reader").distinct()).all()
    return config.current().quota_bytes - min(count_used_bytes(session, owner) for owner in {account_id, *others})


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


def _store_room(session: Session) -> int | None:
    limit = config.current().store_max_bytes
    if limit is None:
        return None
    return limit - int(session.scalar(select(func.coalesce(func.sum(Repository.stored_bytes), 0))) or 0)


def _refuse_excess(session: Session, access: ProjectAccess, owner_id: int, new_bytes: int) -> None:
    used = count_used_bytes(session, owner_id)
    if used + new_bytes > config.current().quota_bytes:
        raise QuotaExceeded(access.owner, used_bytes=used, new_bytes=new_bytes)


def _warn_when_nearly_full(session: Session, owner_id: int, new_bytes: int) -> None:
    limit, before = config.current().quota_bytes, count_used_bytes(session, owner_id)
    if before < limit * WARN_AT <= before + new_bytes:
        owner = session.get_one(User, owner_id)
        emails.mail_nearly_full(session, owner, used_bytes=before + new_bytes, limit_bytes=limit)


def count_used_bytes(session: Session, owner_id: int) -> int:
    """What the owner's projects hold in the store, those in the trash included."""
    owned = select(Project.repository_id).where(Project.owner_id == owner_id)
    total = select(func.coalesce(func.sum(Repository.stored_bytes), 0)).where(Repository.id.in_(owned))
    return int(session.scalar(total) or 0)
