"""Who is on an assignment's list: people of the group, and the addresses of those who are invited to it.

Whoever changes a list holds the lock of the group's row, as whoever joins the group does: an address is either waited
for or that of somebody who is there, whichever comes first.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, false, func, insert, select, update
from sqlalchemy.orm import Session

from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.courses.access import UNCHANGED
from framework.courses.models import Assignment, Awaited, Part
from framework.courses.teaching.invited import is_pending
from framework.database.insert import insert_into
from framework.database.session import read_transaction
from framework.errors import Invalid


class NotInCourse(Invalid):
    """Somebody on a list is neither in the group, nor invited to it, nor on the list already."""

    field = "people"

    def __init__(self, people: Sequence[str]) -> None:
        super().__init__(f"Not in this course: {', '.join(people[:10])}. Add them to it first.")


def read_people(assignment: Assignment) -> tuple[str, ...] | None:
    """The names, as they are today, of who is listed; None where everyone takes part."""
    if assignment.everyone:
        return None
    with read_transaction() as session:
        query = select(User.name).join(Part, Part.user_id == User.id)
        listed = query.where(Part.assignment_id == assignment.id, Part.listed)
        return tuple(session.scalars(listed.order_by(User.name_key)))


def read_awaited(assignment: Assignment) -> Sequence[str]:
    """The addresses on the list, as they were typed, which nobody has joined by; for owners of the group alone."""
    query = select(Awaited.email).where(Awaited.assignment_id == assignment.id).order_by(Awaited.email_key)
    with read_transaction() as session:
        return session.scalars(query).all()


def list_people(session: Session, row: Assignment, people: Sequence[str] | None, *, owns: bool) -> None:
    """List exactly these; the group and the assignment are locked. Who is listed no more keeps what they have.

    Addresses that were listed before stay unless the caller `owns` the group: nobody else sees and so repeats them.

    Raises:
        NotInCourse.
    """
    if people is None:
        session.execute(delete(Awaited).where(Awaited.assignment_id == row.id))
        return
    typed = {name.strip().casefold(): name.strip() for name in people if name.strip()}
    known = _find_listed(session, row) | _find_members(session, row, typed)
    awaited = _find_awaited(session, row, [key for key in typed if "@" in key and key not in known])
    if unknown := sorted(typed.keys() - known.keys() - awaited):
        raise NotInCourse(unknown)
    wanted = {user_id: name for key in typed.keys() & known for user_id, name in [known[key]] if user_id is not None}
    _list_parts(session, row, wanted)
    _await(session, row, {key: typed[key] for key in awaited}, owns=owns)


def list_arrival(session: Session, group: User, user: User, address: str) -> None:
    """List somebody who is in the group now for the assignments that wait for this address of theirs.

    The group is locked, so that no deadline moves; an assignment that is being deleted is gone, or stays until the end.
    """
    mine = Awaited.email_key == address.casefold()
    query = select(Assignment.id, Assignment.deadline).join(Awaited, Awaited.assignment_id == Assignment.id)
    query = query.where(Assignment.group_id == group.id, mine).order_by(Assignment.id)
    found = session.execute(query.with_for_update(**UNCHANGED, of=Assignment)).all()
    if not found:
        return
    parts = [
        {"assignment_id": number, "due_at": deadline, "user_id": user.id, "person": user.name}
        for number, deadline in found
    ]
    adding = insert_into(session, Part).values([part | {"extended": False, "listed": True} for part in parts])
    session.execute(
        adding.on_conflict_do_update(index_elements=[Part.assignment_id, Part.user_id], set_={"listed": True})
    )
    session.execute(delete(Awaited).where(mine, Awaited.assignment_id.in_([number for number, _deadline in found])))


def _list_parts(session: Session, row: Assignment, wanted: dict[int, str]) -> None:
    of_this = Part.assignment_id == row.id
    session.execute(update(Part).where(of_this).values(listed=func.coalesce(Part.user_id.in_(list(wanted)), false())))
    there = set(session.scalars(select(Part.user_id).where(of_this)))
    values = {"assignment_id": row.id, "due_at": row.deadline}
    new = [values | {"user_id": user_id, "person": name} for user_id, name in wanted.items() if user_id not in there]
    if new:
        session.execute(insert(Part), new)


def _await(session: Session, row: Assignment, addresses: dict[str, str], *, owns: bool) -> None:
    replaced = delete(Awaited).where(Awaited.assignment_id == row.id)
    session.execute(replaced if owns else replaced.where(Awaited.email_key.in_(addresses)))
    if addresses:
        new = [{"assignment_id": row.id, "email_key": key, "email": email} for key, email in addresses.items()]
        session.execute(insert(Awaited), new)


def _find_members(session: Session, row: Assignment, keys: Collection[str]) -> dict[str, tuple[int | None, str]]:
    """Who in the group has one of these names, or joined by one of these addresses: their number and name.

    Other addresses of theirs they have not given to the course.
    """
    columns = select(User.id, User.name, User.name_key, GroupMember.added_as)
    theirs = columns.join(GroupMember, GroupMember.user_id == User.id).where(GroupMember.group_id == row.group_id)
    by_name = {one.name_key: (one.id, one.name) for one in session.execute(theirs.where(User.name_key.in_(keys)))}
    if not any("@" in key for key in keys):
        return by_name
    joined = session.execute(theirs.where(func.lower(GroupMember.added_as).in_([key.lower() for key in keys])))
    return {one.added_as.casefold(): (one.id, one.name) for one in joined if one.added_as.casefold() in keys} | by_name


def _find_listed(session: Session, row: Assignment) -> dict[str, tuple[int | None, str]]:
    """Who has a part in it, by the name of when it began and by today's; without a number where the account is gone."""
    query = select(Part.person, Part.user_id, User.name).outerjoin(User, User.id == Part.user_id)
    found = session.execute(query.where(Part.assignment_id == row.id)).all()
    then = {one.person.casefold(): (one.user_id, one.person) for one in found}
    return then | {one.name.casefold(): (one.user_id, one.name) for one in found if one.name}


def _find_awaited(session: Session, row: Assignment, keys: Collection[str]) -> set[str]:
    """Those of these addresses that are invited to take part, or listed already though their invitation has ended."""
    if not keys:
        return set()
    listed = select(Awaited.email_key).where(Awaited.assignment_id == row.id, Awaited.email_key.in_(keys))
    invited = select(GroupInvitation.email_key).where(is_pending(row), GroupInvitation.email_key.in_(keys))
    return {*session.scalars(listed), *session.scalars(invited)}
