"""The move of a project to another owner: one change, with the receiver locked before the repository."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import delete, select, union
from sqlalchemy.orm import Session

from framework import rooms
from framework.accounts.core.account import GROUP, Account
from framework.accounts.lifecycle.signup import refuse_unconfirmed
from framework.accounts.models import GroupMember, User
from framework.database.session import read_transaction
from framework.errors import Conflict
from framework.projects.core.access import ProjectNotFound
from framework.projects.core.addresses import keep_former_address, release_former_address
from framework.projects.core.description import describe
from framework.projects.core.groups import OWNER, highest_role, read_group_role, refresh_teller
from framework.projects.core.tellers import let_next_tell
from framework.projects.lifecycle.adoption import free_name
from framework.projects.lifecycle.embargo import clear_embargo
from framework.projects.lifecycle.operations import unique_name
from framework.projects.members import quota
from framework.projects.members.admission import OwnerChanged
from framework.projects.members.roles import end_beyond
from framework.projects.models import Invitation, Link, Member, Project
from framework.projects.notify.activity import Audited, record
from framework.repositories.catalog.changes import Change
from framework.repositories.write.creation import change_about

STAYS = "maintainer"
"""The role of a person who has handed a project over."""


class ReceiverGone(Conflict):
    """The account that was to own the project was deleted in the same moment."""

    field = "to"

    def __init__(self) -> None:
        super().__init__("This person or group was deleted a moment ago. The project was not moved.")


Allow = Callable[[Session, Project], Account]
"""Refuses, with everything locked, what may not move any more; gives back who hands it over."""


def move_project(account: Account, project_id: int, *, receiver_id: int, allow: Allow) -> str:
    """Make an account, which this person answers for, the owner; the project's path, with a number where it has one.

    Raises:
        What `allow` and `refuse_departure` raise, and OwnerChanged: it belongs to another account than a moment ago.
        ProjectNotFound, ReceiverGone: one of the two was deleted in the same moment.
        QuotaExceeded, TooManyPrivateProjects: the receiver's plan has no room for it.
        AddressUnconfirmed: the person may own no projects yet.
    """
    with read_transaction() as session:
        project = _find_project(session, project_id)
        refuse_departure(session, project)
        giver_id, repository_id, name = project.owner_id, project.repository_id, project.name
    let_next_tell(project_id)
    paths: list[str] = []

    def precheck(session: Session, _change: Change) -> None:
        if not quota.lock_receiver(session, receiver_id):
            raise ReceiverGone

    def change(session: Session) -> dict[str, Any]:
        row = _find_project(session, project_id)
        by = allow(session, row)
        if row.owner_id != giver_id:
            raise OwnerChanged
        refuse_departure(session, row)
        quota.admit_project(session, receiver_id, row)
        refuse_unconfirmed(session, account.id)
        giver, receiver = session.get_one(User, giver_id), session.get_one(User, receiver_id)
        _move(session, row, giver, receiver)
        _settle_people(session, row, giver, by=by)
        both = [receiver_id, *([giver_id] if giver.kind == GROUP else [])]
        accepted = {} if account.id in {by.id, receiver_id} else {"accepted_by": account.name}
        audited = Audited(both, in_person=False, details=accepted)
        record(session, row.id, actor=by, kind="handed_over", details={"person": receiver.name}, audited=audited)
        refresh_teller(session, giver_id)
        paths.append(f"/{receiver.name}/{row.name}")
        return describe(session, row)

    with unique_name(name):
        change_about(repository_id, change, actor=account.name, precheck=precheck)
    return paths[-1]


def refuse_departure(session: Session, project: Project) -> None:
    """Let a project go to another owner that no room keeps where it is.

    Raises:
        What the rooms raise for a project of theirs.
    """
    for refuse in _list_departures():
        refuse(session, project)


def stays(session: Session, giver: User, receiver: User) -> bool:
    """Whether who hands a project over stays with a role of their own: a person who does not own it by a group."""
    if giver.kind == GROUP:
        return False
    member = session.get(GroupMember, (receiver.id, giver.id))
    return member is None or member.role != OWNER


@cache
def _list_departures() -> Sequence[Callable[[Session, Project], None]]:
    return tuple(rooms.load_all("departures"))


def _find_project(session: Session, project_id: int) -> Project:
    project = session.get(Project, project_id)
    if project is None:
        raise ProjectNotFound
    return project


def _move(session: Session, row: Project, giver: User, receiver: User) -> None:
    keep_former_address(session, row)
    row.name = free_name(session, row, owner_id=receiver.id)
    release_former_address(session, receiver.id, row.name)
    row.owner_id, row.name_key = receiver.id, row.name.casefold()
    clear_embargo(row)  # the receiver knows of no day
    session.execute(delete(Member).where(Member.project_id == row.id, Member.user_id == receiver.id))
    if stays(session, giver, receiver):
        session.merge(Member(project_id=row.id, user_id=giver.id, role=STAYS))
    session.flush()


def _settle_people(session: Session, row: Project, giver: User, *, by: Account) -> None:
    """End the invitations and links that somebody could not make any more: the giver, and people of a group."""
    invited = select(Invitation.invited_by_id).where(Invitation.project_id == row.id)
    made = select(Link.made_by_id).where(Link.project_id == row.id)
    makers = union(invited.where(Invitation.invited_by_id.is_not(None)), made.where(Link.made_by_id.is_not(None)))
    for person_id in {*session.scalars(makers), *([] if giver.kind == GROUP else [giver.id])}:
        own = session.get(Member, (row.id, person_id))
        through = read_group_role(session, row.owner_id, person_id)
        role = "owner" if person_id == row.owner_id else highest_role(own.role if own else None, *through)
        end_beyond(session, row, person_id, role, by=by)
