"""Offers to take a project over that wait for an answer, and who can give it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, false, func, literal, or_, select, true, union
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core.account import GROUP, Account, name_person
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import NotFound
from framework.projects.core.access import ProjectAccess
from framework.projects.core.groups import OWNER, select_groups
from framework.projects.models import Project, Transfer
from framework.repositories.models import Repository


class TransferGone(NotFound):
    """The offer was answered, withdrawn, has ended, or is none of the caller's business."""

    def __init__(self) -> None:
        super().__init__("There is no such offer: it was answered or withdrawn, or has expired. Ask for a new one.")


@dataclass(frozen=True)
class Offer:
    """A project that waits for its receiver `to`; `size_bytes` is what it would take of the receiver's plan.

    `from_group` and `to_group` tell whether its owner, and the receiver, is a group; `giver` and `receiver` are what
    people call them.
    """

    id: int
    project_id: int
    owner: str
    project: str
    visibility: str
    size_bytes: int
    to: str
    expires_at: datetime
    receiver_id: int
    from_group: bool
    to_group: bool
    giver: str
    receiver: str

    @property
    def full_name(self) -> str:
        """`owner/name`, as it is now."""
        return f"{self.owner}/{self.project}"

    @property
    def path(self) -> str:
        """The page on which the receiver answers."""
        return f"/settings/transfers/{self.id}"


def read_offer_of(project: ProjectAccess) -> Offer | None:
    """The offer of this project that waits for an answer."""
    with read_transaction() as session:
        return find_offer(session, Transfer.project_id == project.id)


def list_offers_to(account: Account) -> list[Offer]:
    """The offers that this person can answer, the oldest first."""
    with read_transaction() as session:
        rows = session.execute(_select().where(is_answerable(account)).order_by(Transfer.created_at))
        return [_describe(*row) for row in rows]


def read_offer_to(account: Account, transfer_id: int) -> Offer:
    """An offer that this person can answer.

    Raises:
        TransferGone.
    """
    with read_transaction() as session:
        offer = find_offer(session, (Transfer.id == transfer_id) & is_answerable(account))
    if offer is None:
        raise TransferGone
    return offer


def forget_expired() -> int:
    """Delete the offers that have ended; how many."""
    with transaction() as session:
        ended = delete(Transfer).where(Transfer.expires_at <= now()).returning(Transfer.id)
        return len(session.scalars(ended).all())


def is_answerable(account: Account) -> ColumnElement[bool]:
    """Offers that this caller answers, while whoever made one could make it still; by a token for one project none."""
    if account.confined_to is not None:
        return false()
    themselves = select(literal(account.id))
    receivers = union(themselves, select_groups(account.id, (OWNER,))) if account.takes_part else themselves
    return Transfer.to_user_id.in_(receivers) & _is_offerers_to_give()


def _is_offerers_to_give() -> ColumnElement[bool]:
    """Whether who made an offer owns what the project belongs to, as `owns_account` says, and is not suspended."""
    offerer = aliased(User)
    made = offerer.id == func.coalesce(Transfer.offered_by_id, Transfer.from_user_id)
    counts = true() if config.current().mail_folder else offerer.email_verified_at.is_not(None)
    through_group = Transfer.from_user_id.in_(select_groups(offerer.id, (OWNER,))) & counts
    owns = or_(offerer.id == Transfer.from_user_id, through_group)
    return select(offerer.id).where(made, offerer.kind != GROUP, offerer.suspended_at.is_(None), owns).exists()


def find_offer(session: Session, which: ColumnElement[bool]) -> Offer | None:
    """The one offer of which this holds, if it can be answered still."""
    row = session.execute(_select().where(which)).one_or_none()
    return _describe(*row) if row else None


def _describe(*row: Any) -> Offer:
    """The last two columns are full names, which may be empty."""
    offer = Offer(*row)
    giver, receiver = name_person(offer.owner, offer.giver), name_person(offer.to, offer.receiver)
    return replace(offer, giver=giver, receiver=receiver)


def _select() -> Select[int, int, str, str, str, int, str, datetime, int, bool, bool, str, str]:
    receiver = aliased(User)
    return (
        select(
            Transfer.id,
            Project.id,
            User.name,
            Project.name,
            Project.visibility,
            Repository.stored_bytes,
            receiver.name,
            Transfer.expires_at,
            receiver.id,
            User.kind == GROUP,
            receiver.kind == GROUP,
            User.full_name,
            receiver.full_name,
        )
        .join(Project, Project.id == Transfer.project_id)
        .join(User, User.id == Project.owner_id)
        .join(receiver, receiver.id == Transfer.to_user_id)
        .join(Repository, Repository.id == Project.repository_id)
        .where(Transfer.expires_at > now(), Project.trashed_at.is_(None), Project.owner_id == Transfer.from_user_id)
    )
