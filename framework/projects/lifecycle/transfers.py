"""Handing a project over: its owner offers it to a person or a group, and it moves when the receiver accepts.

An owner of a group answers for it. Whoever answers for both sides hands over at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP, Account, read_account
from framework.accounts.lifecycle.operations import find_owner
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Forbidden, Invalid
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.groups import list_owners, owns_account
from framework.projects.core.offers import Offer, TransferGone, find_offer, is_answerable, read_offer_to
from framework.projects.lifecycle.moving import move_project, refuse_departure, stays
from framework.projects.members import invitations
from framework.projects.models import Member, Project, Transfer
from framework.projects.notify import emails

LASTS = timedelta(days=14)


class UnknownReceiver(Invalid):
    """Nobody who could take a project over has this name."""

    field = "to"

    def __init__(self) -> None:
        super().__init__("No person or group here has this name. Check it; an e-mail address does not work here.")


class OwnReceiver(Conflict):
    """The project belongs to this person or group already."""

    field = "to"

    def __init__(self, name: str) -> None:
        super().__init__(f"The project belongs to {name} already. Enter somebody else.")


class NotYoursToGive(Forbidden):
    """An owner wants to hand over what belongs to another account."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"The project belongs to {owner}. Only {owner}, or an owner of that group, can hand it over.")


@dataclass(frozen=True)
class HandedOver:
    """What came of handing a project over to `to`: an offer that waits, or the path where the project is now."""

    to: str
    offer: Offer | None = None
    path: str = ""


def transfer_project(account: Account, project: ProjectAccess, *, to: str) -> HandedOver:
    """Hand the project over at once where the caller answers for the receiver, too; else offer it.

    Raises:
        What `offer_project` and `accept_offer` raise.
    """
    with read_transaction() as session:
        row, receiver = _find_owned(session, account, project.id), find_receiver(session, to)
        if row.owner_id == receiver.id:
            raise OwnReceiver(receiver.name)
        is_own = account.confined_to is None and owns_account(session, account, receiver.id)
    if not is_own:
        return HandedOver(receiver.name, offer=offer_project(account, project, to=to))

    def allow(session: Session, row: Project) -> Account:
        _find_owned(session, account, row.id)
        if not owns_account(session, account, receiver.id):
            raise UnknownReceiver
        if row.owner_id == receiver.id:
            raise OwnReceiver(receiver.name)
        session.execute(delete(Transfer).where(Transfer.project_id == row.id))
        owners = [session.get_one(User, owner_id) for owner_id in (row.owner_id, receiver.id)]
        _tell_of_move(session, row, owners, by=account, asked=False)
        return account

    return HandedOver(receiver.name, path=move_project(account, project.id, receiver_id=receiver.id, allow=allow))


def offer_project(account: Account, project: ProjectAccess, *, to: str) -> Offer:
    """Ask a person or the owners of a group to take the project over, in place of an earlier offer, by mail.

    Raises:
        UnknownReceiver, OwnReceiver: there is nobody to ask.
        NotYoursToGive, RoleTooLow: the project belongs to somebody else.
        BudgetSpent: they were asked too often lately.
        What `refuse_departure` raises.
    """
    with transaction() as session:
        row = _find_owned(session, account, project.id)
        receiver = find_receiver(session, to)
        if receiver.id == row.owner_id:
            raise OwnReceiver(receiver.name)
        refuse_departure(session, row)
        session.execute(delete(Transfer).where(Transfer.project_id == row.id))
        kept = Transfer(project_id=row.id, from_user_id=row.owner_id, to_user_id=receiver.id, expires_at=now() + LASTS)
        kept.offered_by_id = account.id
        session.add(kept)
        session.flush()
        offer = find_offer(session, Transfer.id == kept.id)
        assert offer
        giver_stays = stays(session, session.get_one(User, row.owner_id), receiver)
        for person in list_owners(session, receiver):
            invitations.spend_mails(session, row.id, person.name, by=account)
            facts = {"project": offer.full_name, "days": LASTS.days, "stays": giver_stays}
            facts["group"] = receiver.name if offer.to_group else ""
            emails.mail_transfer_offer(session, person, by=account, path=offer.path, facts=facts)
        _tell_audit(session, "offered", offer, by=account)
    return offer


def find_receiver(session: Session, name: str) -> User:
    """Which person or group this name means, in any case.

    Raises:
        UnknownReceiver: none, or somebody who is suspended.
    """
    user = None if "@" in name else find_owner(session, name)
    if user is None or user.suspended_at is not None:
        raise UnknownReceiver
    return user


def withdraw_offer(account: Account, project: ProjectAccess) -> None:
    """Take the offer back.

    Raises:
        TransferGone: there is none. RoleTooLow: the caller is no owner any more.
    """
    with transaction() as session:
        recheck(session, project.id, account, "owner")
        offer = find_offer(session, Transfer.project_id == project.id)
        gone = delete(Transfer).where(Transfer.project_id == project.id).returning(Transfer.id)
        if not session.scalars(gone).all() or offer is None:
            raise TransferGone
        _tell_audit(session, "offer_withdrawn", offer, by=account)


def decline_offer(account: Account, transfer_id: int) -> str:
    """Refuse an offer, and tell whoever made it by mail; the project's full name.

    Raises:
        TransferGone.
    """
    offer = read_offer_to(account, transfer_id)
    with transaction() as session:
        kept = _find_answerable(session, account, transfer_id)
        if offerer := session.get(User, kept.offered_by_id or kept.from_user_id):
            emails.mail_transfer_declined(session, offerer, offer.full_name, by=account)
        session.delete(kept)
        _tell_audit(session, "offer_declined", offer, by=account)
    return offer.full_name


def accept_offer(account: Account, transfer_id: int) -> str:
    """Make the receiver the owner; the path of the project, with a number in its name where they have one of that name.

    The address of before leads there from now on. A person who handed it over stays as a maintainer. An embargo ends:
    the project stays private.

    Raises:
        TransferGone: also where the project belongs to somebody else meanwhile, or is in the trash, or whoever offered
            it owns it no longer.
        QuotaExceeded, TooManyPrivateProjects: the receiver's plan has no room for it.
        AddressUnconfirmed: the caller may own no projects yet.
    """
    offer = read_offer_to(account, transfer_id)

    def allow(session: Session, row: Project) -> Account:
        kept = _find_answerable(session, account, transfer_id)
        if (kept.project_id, kept.to_user_id) != (offer.project_id, offer.receiver_id):  # another offer by now
            raise TransferGone
        if row.owner_id != kept.from_user_id or row.trashed_at is not None:
            raise TransferGone
        by = read_account(session, kept.offered_by_id or kept.from_user_id)
        giver, receiver = session.get_one(User, row.owner_id), session.get_one(User, kept.to_user_id)
        _tell_of_move(session, row, [giver, receiver], by=account, asked=True)
        session.delete(kept)
        session.flush()
        return by

    return move_project(account, offer.project_id, receiver_id=offer.receiver_id, allow=allow)


def _tell_audit(session: Session, kind: str, offer: Offer, *, by: Account) -> None:
    project = audit.ToldProject(offer.project_id, offer.full_name)
    audit.record(session, kind, actor=by, project=project, to=offer.to)


def _find_owned(session: Session, account: Account, project_id: int) -> Project:
    """The project, for the person whom it belongs to, or an owner of its group."""
    recheck(session, project_id, account, "owner")
    row = session.get_one(Project, project_id)
    if not owns_account(session, account, row.owner_id):
        raise NotYoursToGive(session.get_one(User, row.owner_id).name)
    return row


def _tell_of_move(session: Session, row: Project, owners: Sequence[User], *, by: Account, asked: bool) -> None:
    """Mail everyone who owned the project, or is to own it, but who moves it themselves; it is where it was still."""
    giver, receiver = owners
    facts = {"project": f"{giver.name}/{row.name}", "asked": asked, "to": receiver.name}
    facts["group"] = receiver.name if receiver.kind == GROUP else ""
    receiving = {person.id for person in list_owners(session, receiver)}
    people = {person.id: person for owner in owners for person in list_owners(session, owner)}
    people.pop(by.id, None)
    for person in people.values():
        told = facts | {"stays": person.id == giver.id and stays(session, giver, receiver)}
        has_role = person.id in receiving or session.get(Member, (row.id, person.id)) is not None
        told["opens"] = told["stays"] or has_role or row.visibility == "public"
        emails.mail_moved(session, person, by=by, facts=told)


def _find_answerable(session: Session, account: Account, transfer_id: int) -> Transfer:
    """The offer, locked, for whoever may answer it and is not suspended."""
    read_account(session, account.id)
    mine = (Transfer.id == transfer_id, is_answerable(account), Transfer.expires_at > now())
    kept = session.scalars(select(Transfer).where(*mine).with_for_update()).one_or_none()
    if kept is None:
        raise TransferGone
    return kept
