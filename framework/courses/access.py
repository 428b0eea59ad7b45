"""The one door to a group's assignments: who teaches, who takes part, and for whom there are none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP, Account, SignInRequired, read_account
from framework.accounts.core.former_names import former_holder
from framework.accounts.models import GroupMember, User
from framework.courses.models import Assignment, Part
from framework.database.session import read_transaction
from framework.errors import Conflict, Forbidden, NotFound
from framework.gitcore.ref_names import TAGS
from framework.projects.core.groups import OWNER, PARTICIPANT, WITH_PROJECTS, GroupSuspended, group_role
from framework.projects.models import Project
from framework.web.moved import redirect_reader

UNCHANGED: dict[str, bool] = {"read": True}
"""The lock of whoever relies on an assignment's deadline and list until their transaction ends."""
CHANGING: dict[str, bool] = {"key_share": True}
"""The lock of whoever changes them, and waits for those."""
REMOVING: dict[str, bool] = {}
"""The lock of whoever deletes them, and waits for all."""
IS_TAKEN = or_(Part.listed, Part.opened_at.is_not(None))
"""Who is listed, or has begun; rows of others keep what they had, such as feedback, until they are listed again."""


class AssignmentNotFound(NotFound):
    """There is no such group or assignment, or the caller may not know of it; the sentence is the same."""

    def __init__(self) -> None:
        super().__init__("There is no such assignment, or you may not see it. Check the address, or sign in.")


class TeachersOnly(Forbidden):
    """A participant asks for what concerns the others."""

    def __init__(self) -> None:
        super().__init__("This is for the people who run this course.")


class BelongsToAssignment(Conflict):
    """A participant's copy would leave the group, and with it what was handed in."""

    field = "to"

    def __init__(self, title: str) -> None:
        super().__init__(
            f"This is somebody's copy for the assignment “{title}”, so it stays in the group. To keep the files "
            "elsewhere, download them or make a copy of the project."
        )


@dataclass(frozen=True)
class Course:
    """A group, and what the caller is in it: `teaches` for its owners and members, else a participant.

    `owns` is true of its owners, who alone see the addresses by which people were added.
    """

    id: int
    name: str
    title: str
    teaches: bool
    owns: bool

    @property
    def path(self) -> str:
        """The address of its assignments."""
        return f"/{self.name}/assignments"


def course_for(account: Account | None, group: str, *, teaching: bool = False) -> Course:
    """The group of this name, in any case, present or earlier, for somebody in it.

    Raises:
        Moved: a page or call is read by an earlier name.
        AssignmentNotFound: there is none, or it is none of the caller's business.
        TeachersOnly: a participant asks, and it takes a teacher.
    """
    with read_transaction() as session:
        called = select(User.id).where(User.name_key == group.casefold())
        number = session.scalar(called) or former_holder(session, group)
        course = find_course(session, account, User.id == number, teaching=teaching)
    if course.name.casefold() != group.casefold():
        redirect_reader(owner=course.name, group=course.name)
    return course


def recheck_course(session: Session, account: Account, group_id: int, *, teaching: bool = False) -> Course:
    """The same check once more, inside the transaction that makes a change.

    Raises:
        AssignmentNotFound, TeachersOnly, AccountSuspended, AccountNotFound.
    """
    read_account(session, account.id)
    return find_course(session, account, User.id == group_id, teaching=teaching)


def find_course(session: Session, account: Account | None, which: object, *, teaching: bool) -> Course:
    """The group of this condition in the caller's transaction.

    Raises:
        AssignmentNotFound, TeachersOnly, GroupSuspended.
    """
    if account is None or account.confined_to is not None or not account.takes_part:
        raise AssignmentNotFound
    mine = (GroupMember.group_id == User.id) & (GroupMember.user_id == account.id)
    role = group_role().label("role")
    query = select(User.id, User.name, User.full_name, User.suspended_at, role).join(GroupMember, mine)
    found = session.execute(query.where(which, User.kind == GROUP)).one_or_none()  # type: ignore[arg-type]
    if found and found.suspended_at:
        raise GroupSuspended(found.name)
    if found is None or found.role not in (*WITH_PROJECTS, PARTICIPANT):
        raise AssignmentNotFound
    course = Course(found.id, found.name, found.full_name, found.role in WITH_PROJECTS, found.role == OWNER)
    if teaching and not course.teaches:
        raise TeachersOnly
    return course


def find_assignment(
    session: Session, account: Account, course: Course, assignment_id: int, *, lock: dict[str, bool] | None = None
) -> Assignment:
    """The assignment, for a teacher or for somebody who takes part in it; locked before any row of a person's part.

    Raises:
        AssignmentNotFound.
    """
    row = session.get(Assignment, assignment_id, with_for_update=lock, populate_existing=lock is not None)
    if row is None or row.group_id != course.id or not (course.teaches or takes_part(session, account, row)):
        raise AssignmentNotFound
    return row


def takes_part(session: Session, account: Account, assignment: Assignment) -> bool:
    """Whether the assignment is for this participant of its group: for all, for them, or begun when it was.

    An archived one is for those alone who have begun.
    """
    is_archived = assignment.archived_at is not None
    if assignment.everyone and not is_archived:
        return True
    counts = Part.opened_at.is_not(None) if is_archived else IS_TAKEN
    mine = select(Part.id).where(Part.assignment_id == assignment.id, Part.user_id == account.id, counts)
    return session.scalar(mine) is not None


def refuse_departure(session: Session, project: Project) -> None:
    """Let a project go to another owner that is no copy for an assignment of the group that it belongs to.

    Raises:
        BelongsToAssignment.
    """
    query = select(Assignment.title).join(Part, Part.assignment_id == Assignment.id)
    title = session.scalar(query.where(Part.project_id == project.id, Assignment.group_id == project.owner_id).limit(1))
    if title is not None:
        raise BelongsToAssignment(title)


def deadline_tag(due_at: datetime) -> str:
    """How the name of the tag begins that keeps the version at this deadline."""
    return f"deadline-{due_at.astimezone(UTC):%Y-%m-%d}"


def late_tag(handed_in_at: datetime) -> str:
    """How the name of the tag begins that keeps what was handed in late at this moment."""
    return f"late-{handed_in_at.astimezone(UTC):%Y-%m-%d}"


def list_kept_tags(session: Session, project_id: int) -> Sequence[str]:
    """Patterns of the tags of a copy that keep what its part in an assignment names."""
    mine = select(Part.due_at, Part.handed_in_at).where(Part.project_id == project_id)
    found = session.execute(mine).all()
    names = [deadline_tag(one.due_at) for one in found] + [late_tag(one.handed_in_at) for one in found if one[1]]
    return [f"{TAGS}{name}{ending}" for name in names for ending in ("", "-????????")]  # as `keep` chooses them


def require_person(account: Account | None) -> Account:
    """The caller, who has to be signed in.

    Raises:
        SignInRequired.
    """
    if account is None:
        raise SignInRequired("Sign in to see your assignments.")
    return account
