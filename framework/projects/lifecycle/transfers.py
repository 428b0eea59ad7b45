"""Handing a project over: its owner offers it, and it moves when the receiver accepts.

`find_receiver` decides who can receive, and `_find_answerable` who answers for a receiver.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, false, select
from sqlalchemy.orm import Session, aliased

from framework.accounts.core.account import Account, read_account
from framework.accounts.lifecycle.operations import find_user
from framework.accounts.lifecycle.signup import refuse_unconfirmed
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Forbidden, Invalid, NotFound
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.addresses import keep_former_address, release_former_address
from framework.projects.core.description import describe
from framework.projects.lifecycle.adoption import free_name
from framework.projects.lifecycle.embargo import clear_embargo
from framework.projects.lifecycle.operations import unique_name
from framework.projects.members import invitations, quota
from framework.projects.models import Member, Project, Transfer
from framework.projects.notify import emails
from framework.projects.notify.activity import Audited, record
from framework.repositories.catalog.changes import Change
from framework.repositories.models import Repository
from framework.repositories.write.creation import change_about

LASTS = timedelta(days=14)
STAYS = "maintainer"
"""The role of whoever has handed a project over."""


class UnknownReceiver(Invalid):
    """Nobody who could take a project over has this name."""

    field = "to"

    def __init__(self) -> None:
        super().__init__("Nobody here has this user name. Check it; a project is handed over to a user name.")


class OwnReceiver(Conflict):
    """The project belongs to this person already."""

    field = "to"

    def __init__(self) -> None:
        super().__init__("The project is yours already. Enter somebody else.")


class NotYoursToGive(Forbidden):
    """An owner wants to hand over what belongs to another account."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"Only {owner}, to whom the project belongs, can hand it over.")


class TransferGone(NotFound):
    """The offer was answered, withdrawn, has ended, or is none of the caller's business."""

    def __init__(self) -> None:
        super().__init__("There is no such offer: it was answered or withdrawn, or has expired. Ask for a new one.")


@dataclass(frozen=True)
class Offer:
    """A project that waits for its receiver `to`; `size_bytes` is what it would take of the receiver's plan."""

    id: int
    project_id: int
    owner: str
    project: str
    visibility: str
    size_bytes: int
    to: str
    expires_at: datetime

    @property
    def full_name(self) -> str:
        """`owner/name`, as it is now."""
        return f"{self.owner}/{self.project}"

    @property
    def path(self) -> str:
        """The page on which the receiver answers."""
        return f"/settings/transfers/{self.id}"


def offer_project(account: Account, project: ProjectAccess, *, to: str) -> Offer:
    """Ask somebody to take the project over, in place of an earlier offer, and tell them by mail.

    Raises:
        UnknownReceiver, OwnReceiver: there is nobody to ask.
        NotYoursToGive, RoleTooLow: the project belongs to somebody else.
        BudgetSpent: they were asked too often lately.
    """
    with transaction() as session:
        recheck(session, project.id, account, "owner")
        row = session.get_one(Project, project.id)
        if row.owner_id != account.id:
            raise NotYoursToGive(project.owner)
        receiver = find_receiver(session, to)
        if receiver.id == account.id:
            raise OwnReceiver
        invitations.spend_mails(session, row.id, receiver.name, by=account)
        session.execute(delete(Transfer).where(Transfer.project_id == row.id))
        kept = Transfer(project_id=row.id, from_user_id=account.id, to_user_id=receiver.id, expires_at=now() + LASTS)
        session.add(kept)
        session.flush()
        offer = _read(session, Transfer.id == kept.id)
        assert offer
        emails.mail_transfer_offer(session, receiver, offer.full_name, by=account, path=offer.path, days=LASTS.days)
    return offer


def find_receiver(session: Session, name: str) -> User:
    """Whom this user name means, in any case.

    Raises:
        UnknownReceiver: nobody, or somebody who is suspended.
    """
    user = None if "@" in name else find_user(session, name)
    if user is None or user.suspended_at is not None:
        raise UnknownReceiver
    return user


def read_offer_of(project: ProjectAccess) -> Offer | None:
    """The offer of this project that waits for an answer."""
    with read_transaction() as session:
        return _read(session, Transfer.project_id == project.id)


def list_offers_to(account: Account) -> list[Offer]:
    """The offers that this person can answer, the oldest first."""
    with read_transaction() as session:
        rows = session.execute(_select().where(_is_answerable(account)).order_by(Transfer.created_at))
        return [Offer(*row) for row in rows]


def read_offer_to(account: Account, transfer_id: int) -> Offer:
    """An offer that this person can answer.

    Raises:
        TransferGone.
    """
    with read_transaction() as session:
        offer = _read(session, (Transfer.id == transfer_id) & _is_answerable(account))
    if offer is None:
        raise TransferGone
    return offer


def withdraw_offer(account: Account, project: ProjectAccess) -> None:
    """Take the offer back.

    Raises:
        TransferGone: there is none. RoleTooLow: the caller is no owner any more.
    """
    with transaction() as session:
        recheck(session, project.id, account, "owner")
        gone = delete(Transfer).where(Transfer.project_id == project.id).returning(Transfer.id)
        if not session.scalars(gone).all():
            raise TransferGone


def decline_offer(account: Account, transfer_id: int) -> str:
    """Refuse an offer, and tell the owner by mail; the project's full name.

    Raises:
        TransferGone.
    """
    offer = read_offer_to(account, transfer_id)
    with transaction() as session:
        kept = _find_answerable(session, account, transfer_id)
        giver = session.get_one(User, kept.from_user_id)
        emails.mail_transfer_answer(session, giver, offer.full_name, by=account, accepted=False)
        session.delete(kept)
    return offer.full_name


def accept_offer(account: Account, transfer_id: int) -> str:
    """Make the caller the owner; the path of the project, with a number in its name where they have one of that name.

    The address of before leads there from now on. Whoever handed it over stays as a maintainer. An embargo ends: the
    project stays private.

    Raises:
        TransferGone: also where the project belongs to somebody else meanwhile, or is in the trash.
        QuotaExceeded, TooManyPrivateProjects: the receiver's plan has no room for it.
        AddressUnconfirmed: the receiver may own no projects yet.
    """
    offer = read_offer_to(account, transfer_id)
    with read_transaction() as session:
        repository_id = session.get_one(Project, offer.project_id).repository_id
    paths: list[str] = []

    def precheck(session: Session, _change: Change) -> None:
        quota.lock_receiver(session, account.id)

    def change(session: Session) -> dict[str, Any]:
        kept = _find_answerable(session, account, transfer_id)
        if kept.project_id != offer.project_id:  # another offer by now, whose repository is not the locked one
            raise TransferGone
        row, giver = session.get_one(Project, kept.project_id), session.get_one(User, kept.from_user_id)
        if row.owner_id != giver.id or row.trashed_at is not None or giver.suspended_at is not None:
            raise TransferGone
        quota.admit_project(session, account.id, row)
        _move(session, row, giver, read_account(session, account.id))
        emails.mail_transfer_answer(session, giver, offer.full_name, by=account, accepted=True)
        session.delete(kept)
        session.flush()
        paths.append(f"/{account.name}/{row.name}")
        return describe(session, row)

    with unique_name(offer.project):
        change_about(repository_id, change, actor=account.name, precheck=precheck)
    return paths[-1]


def forget_expired() -> int:
    """Delete the offers that have ended; how many."""
    with transaction() as session:
        ended = delete(Transfer).where(Transfer.expires_at <= now()).returning(Transfer.id)
        return len(session.scalars(ended).all())


def _move(session: Session, row: Project, giver: User, receiver: Account) -> None:
    refuse_unconfirmed(session, receiver.id)
    keep_former_address(session, row)
    row.name = free_name(session, row, owner_id=receiver.id)
    release_former_address(session, receiver.id, row.name)
    row.owner_id, row.name_key = receiver.id, row.name.casefold()
    clear_embargo(row)  # the receiver knows of no day
    session.execute(delete(Member).where(Member.project_id == row.id, Member.user_id == receiver.id))
    session.merge(Member(project_id=row.id, user_id=giver.id, role=STAYS))
    invitations.withdraw_beyond(session, row, giver.id, STAYS)
    session.flush()
    details, audited = {"person": receiver.name}, Audited([receiver.id], in_person=False)
    record(session, row.id, actor=Account.of(giver), kind="handed_over", details=details, audited=audited)


def _find_answerable(session: Session, account: Account, transfer_id: int) -> Transfer:
    """The offer, locked, for whoever may answer it."""
    mine = (Transfer.id == transfer_id, _is_answerable(account), Transfer.expires_at > now())
    kept = session.scalars(select(Transfer).where(*mine).with_for_update()).one_or_none()
    if kept is None:
        raise TransferGone
    return kept


def _is_answerable(account: Account) -> ColumnElement[bool]:
    """Offers that this caller answers; a token for one project answers none."""
    return Transfer.to_user_id == account.id if account.confined_to is None else false()


def _read(session: Session, which: ColumnElement[bool]) -> Offer | None:
    row = session.execute(_select().where(which)).one_or_none()
    return Offer(*row) if row else None


def _select() -> Select[int, int, str, str, str, int, str, datetime]:
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
        )
        .join(Project, Project.id == Transfer.project_id)
        .join(User, User.id == Project.owner_id)
        .join(receiver, receiver.id == Transfer.to_user_id)
        .join(Repository, Repository.id == Project.repository_id)
        .where(Transfer.expires_at > now(), Project.trashed_at.is_(None), Project.owner_id == Transfer.from_user_id)
    )
