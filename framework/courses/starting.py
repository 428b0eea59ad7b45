"""Starting on an assignment: the participant's private copy, made once."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, AccountSuspended, read_account
from framework.accounts.core.ways_in.reading import lacks_factor
from framework.accounts.models import GroupMember, User
from framework.celery.outbox import enqueue
from framework.copies.filling import FIRST_TITLE, Source, fill
from framework.courses.access import UNCHANGED, Course, find_assignment, recheck_course
from framework.courses.models import Assignment, Part
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict
from framework.gitcore import git
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.core.description import describe
from framework.projects.core.groups import OWNER
from framework.projects.lifecycle.operations import create_project
from framework.projects.models import Member, Project
from framework.repositories.cache.copies import lease_copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.models import Repository

TASK = "framework.courses.tasks.fill_copy"
COMPLETED_AFTER = timedelta(minutes=5)
"""A copy that an interrupted server left empty is filled by a task then; a second filling changes nothing."""
LONGEST_NAME = 100


class TeachersDoNotStart(Conflict):
    """Somebody who teaches wants a copy."""

    def __init__(self) -> None:
        super().__init__("You run this course. Participants start the assignment; to try it, use the template.")


class NobodyOwns(Conflict):
    """The group has no owner who could own what is made for it."""

    def __init__(self) -> None:
        super().__init__("Nobody owns this group at the moment, so nothing can be started. Ask the people who run it.")


class TemplateGone(Conflict):
    """The template is in the trash, or was made private by somebody else."""

    def __init__(self) -> None:
        super().__init__("The template of this assignment is not there any more. Ask the people who run the course.")


class CopyDeleted(Conflict):
    """The copy is in the trash, or was deleted for good with something handed in that an empty one would hide."""

    def __init__(self) -> None:
        super().__init__(
            "Your copy of this assignment was deleted. Ask the people who run the course to restore it, or to give you"
            " more time to start again."
        )


class _Started(Conflict):
    """Another request has made the copy in the same moment."""


def start(account: Account, course: Course, assignment_id: int) -> ProjectAccess:
    """The participant's copy for this assignment, made now if there is none; with the template's files in it.

    Raises:
        AssignmentNotFound, TeachersDoNotStart, NobodyOwns, TemplateGone, CopyDeleted. What `create_project` and
            `fill` raise: trying again completes it.
    """
    if course.teaches:
        raise TeachersDoNotStart
    with transaction() as session:
        recheck_course(session, account, course.id)
        assignment = find_assignment(session, account, course, assignment_id, lock=UNCHANGED)
        values = {"person": account.name, "due_at": assignment.deadline, "extended": False}
        insert_if_absent(session, Part, assignment_id=assignment.id, user_id=account.id, **values)
        hand_in = _find_hand_in(session, assignment_id, account)
        owner = _find_owner(session, course)
        _refuse_deleted(session, hand_in)
        if hand_in.project_id is None:
            _find_template(session, assignment)
    if hand_in.project_id is None:
        _create(account, course, assignment, hand_in.id, owner)
    hand_in_id = hand_in.id
    fill_copy(hand_in_id)
    return find_copy(account, hand_in_id)


def fill_copy(hand_in_id: int) -> None:
    """Put the template's newest files into an empty copy, as the participant's first version; once.

    A copy with work in it stays as it is: the template may have been chosen after it was begun without one.

    Raises:
        What `fill` raises; the copy stays empty.
    """
    with read_transaction() as session:
        row = session.get(Part, hand_in_id)
        if row is None or row.project_id is None or row.user_id is None or row.started_sha is not None:
            return
        assignment = session.get_one(Assignment, row.assignment_id)
        template = _find_template(session, assignment)
        account = read_account(session, row.user_id)
        opened = int((row.opened_at or now()).timestamp())
    access = find_copy(account, hand_in_id)
    if template is None:
        return
    if not read_snapshot(access.repository_id).refs:
        fill(access, account, Source(template.repository_id, "template", opened), say=lambda _text: None)
    started = _find_beginning(access.repository_id, opened)
    with transaction() as session:
        began = session.get_one(Part, hand_in_id, with_for_update=True)
        began.started_sha = began.started_sha or started


def _find_template(session: Session, assignment: Assignment) -> Project | None:
    """The assignment's template, if it is there and still the group's own or public.

    Raises:
        TemplateGone: it is not.
    """
    if assignment.template_id is None:
        return None
    found = session.get_one(Project, assignment.template_id)
    is_given = found.visibility == "public" or found.owner_id == assignment.group_id
    if found.trashed_at is not None or not is_given:
        raise TemplateGone
    return found


def find_copy(account: Account, hand_in_id: int) -> ProjectAccess:
    """The copy of this hand-in, for somebody who may see it.

    Raises:
        ProjectNotFound: there is none, or it was taken from them.
    """
    with read_transaction() as session:
        query = select(User.name, Project.name).join(Project, Project.owner_id == User.id)
        mine = query.join(Part, Part.project_id == Project.id).where(Part.id == hand_in_id)
        owner, name = session.execute(mine).one_or_none() or ("", "")
    return project_for(account, owner, name)


def _find_beginning(repository_id: str, began_at: int) -> str | None:
    """The commit with the template's files, whatever is on top of it by now; None where the work began without it."""
    shown = ("--format=%H %at %s", "--max-parents=0", "--end-of-options")
    with lease_copy(repository_id) as (path, snapshot):
        tip = snapshot.find_branch(snapshot.default_branch)
        roots = git.run(path, "log", *shown, tip).decode(errors="replace").splitlines() if tip else []
    return next((root[:40] for root in roots if root[41:] == f"{began_at} {FIRST_TITLE}"), None)


def _find_hand_in(session: Session, assignment_id: int, account: Account) -> Part:
    mine = select(Part).where(Part.assignment_id == assignment_id, Part.user_id == account.id)
    return session.scalars(mine.execution_options(populate_existing=True)).one()


def _refuse_deleted(session: Session, hand_in: Part) -> None:
    project = session.get_one(Project, hand_in.project_id) if hand_in.project_id is not None else None
    handed_in = hand_in.handed_in_at is not None or hand_in.snapshot_sha not in {None, hand_in.started_sha}
    if project.trashed_at is not None if project else handed_in:
        raise CopyDeleted


def _find_owner(session: Session, course: Course) -> Account:
    """Somebody who owns the group, in whose name it gets the project; whoever has the second factor that it asks for.

    Raises:
        NobodyOwns.
    """
    owners = select(GroupMember.user_id).where(GroupMember.group_id == course.id, GroupMember.role == OWNER)
    for user_id in session.scalars(owners.order_by(lacks_factor(), GroupMember.added_at)).all():
        try:
            return read_account(session, user_id)
        except AccountSuspended:
            continue
    raise NobodyOwns


def _create(account: Account, course: Course, assignment: Assignment, hand_in_id: int, owner: Account) -> None:
    def take(session: Session, project: ProjectAccess) -> None:
        recheck_course(session, account, course.id)
        find_assignment(session, account, course, assignment.id, lock=UNCHANGED)
        row = session.get_one(Part, hand_in_id, with_for_update=True, populate_existing=True)
        if row.project_id is not None:
            raise _Started
        row.project_id, row.opened_at, row.started_sha = project.id, now(), None
        session.add(Member(project_id=project.id, user_id=account.id, role="writer"))
        session.flush()
        made = session.get_one(Project, project.id)
        made.quiet = True  # forty people at work are no news; the table tells of them
        session.get_one(Repository, made.repository_id).about = describe(session, made)
        enqueue(session, TASK, hand_in_id, key=f"course-{hand_in_id}", not_before=now() + COMPLETED_AFTER)

    name = _free_name(course, f"{assignment.slug}-{account.name}"[:LONGEST_NAME])
    try:
        create_project(
            owner,
            name=name,
            description=assignment.title[:200],
            visibility="private",
            owner=course.name,
            asked_by=account,
            in_transaction=take,
        )
    except Conflict:
        if not _has_copy(hand_in_id):  # somebody else was faster, perhaps with the same name
            raise


def _has_copy(hand_in_id: int) -> bool:
    with read_transaction() as session:
        return session.get_one(Part, hand_in_id).project_id is not None


def _free_name(course: Course, wanted: str) -> str:
    """The name, with a number where the group has a project of that name."""
    pattern = Project.name_key.startswith(wanted.casefold(), autoescape=True)
    with read_transaction() as session:
        taken = set(session.scalars(select(Project.name_key).where(Project.owner_id == course.id, pattern)))
    numbered = (f"{wanted[: LONGEST_NAME - 5]}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *numbered) if name.casefold() not in taken)
