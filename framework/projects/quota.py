"""The quota: what one owner's projects may hold together, checked where the change commits."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.models import User
from framework.database.session import reading
from framework.errors import TooLarge
from framework.projects import messages
from framework.projects.access import ProjectAccess
from framework.projects.models import Project
from framework.repositories.change import Change
from framework.repositories.commit import Admit
from framework.repositories.lfs import pending_bytes
from framework.repositories.models import Repository

GIB = 1 << 30
WARN_AT = 0.9
"""Part of the quota; the change that passes it has its owner told."""


class QuotaExceeded(TooLarge):
    """The owner's projects would hold more than the quota."""

    def __init__(self, owner: str, quota_bytes: int) -> None:
        super().__init__(
            f"The projects of {owner} together may hold {quota_bytes / GIB:g} GiB, and this would be more. Nothing was"
            " stored: delete a project, or ask the administrator for more room."
        )


def admission(access: ProjectAccess) -> Admit:
    """What a commit point asks first, with the owner locked: the quota has room for what is new."""

    def admit(session: Session, change: Change) -> None:
        owner_id = session.scalars(select(Project.owner_id).where(Project.id == access.id)).one()
        session.execute(select(User.id).where(User.id == owner_id).with_for_update())
        _refuse_excess(session, access, owner_id, change.new_bytes)
        _warn_when_nearly_full(session, owner_id, change.new_bytes)

    return admit


def room_bytes(access: ProjectAccess) -> int:
    """How much more the project's owner may store, large files that are on their way taken off."""
    with reading() as session:
        owner_id = session.scalars(select(Project.owner_id).where(Project.id == access.id)).one()
        pending = pending_bytes(session, select(Project.repository_id).where(Project.owner_id == owner_id))
        return config.current().quota_bytes - used_bytes(session, owner_id) - pending


def check_room(access: ProjectAccess, new_bytes: int) -> None:
    """Whether so much more would fit now; the commit point asks again.

    Raises:
        QuotaExceeded: it would not.
    """
    with reading() as session:
        owner_id = session.get_one(Project, access.id).owner_id
        _refuse_excess(session, access, owner_id, new_bytes)


def _refuse_excess(session: Session, access: ProjectAccess, owner_id: int, new_bytes: int) -> None:
    limit = config.current().quota_bytes
    if used_bytes(session, owner_id) + new_bytes > limit:
        raise QuotaExceeded(access.owner, limit)


def _warn_when_nearly_full(session: Session, owner_id: int, new_bytes: int) -> None:
    limit, before = config.current().quota_bytes, used_bytes(session, owner_id)
    if before < limit * WARN_AT <= before + new_bytes:
        owner = session.get_one(User, owner_id)
        messages.nearly_full(session, owner, used_bytes=before + new_bytes, limit_bytes=limit)


def used_bytes(session: Session, owner_id: int) -> int:
    """What the owner's projects hold in the store, those in the trash included."""
    owned = select(Project.repository_id).where(Project.owner_id == owner_id)
    total = select(func.coalesce(func.sum(Repository.stored_bytes), 0)).where(Repository.id.in_(owned))
    return int(session.scalar(total) or 0)
