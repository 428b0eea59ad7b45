"""A course with a teacher, two students and a template."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.models import GroupMember, User
from framework.courses import snapshots
from framework.courses.access import Course, course_for
from framework.courses.assignments import AssignmentText, create_assignment
from framework.courses.models import Part
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project
from framework.projects.models import Project
from framework.repositories.models import Version
from tests.cast import new_account
from tests.uploads.conftest import store_files


@dataclass
class School:
    """The group `statistics`: Ada teaches, Sam and Tom take part, and `statistics/exercise` is what they begin with."""

    teacher: Account
    sam: Account
    tom: Account
    template: ProjectAccess

    def course(self, account: Account) -> Course:
        """The course as this person sees it."""
        return course_for(account, "statistics")

    def set_assignment(self, *, hours: float = 1, people: tuple[str, ...] | None = None) -> int:
        """An assignment that is due in so many hours."""
        deadline = now() + timedelta(hours=hours)
        told = AssignmentText("Exercise 1", "Do *it*.", deadline, "Europe/Berlin", self.template.full_name, people)
        return create_assignment(self.teacher, self.course(self.teacher), told)

    def add_participants(self, *accounts: Account) -> None:
        """Have these take part in the course, too."""
        group_id = self.course(self.teacher).id
        with transaction() as session:
            session.add_all(GroupMember(group_id=group_id, user_id=one.id, role="participant") for one in accounts)

    def pass_deadline(self, assignment_id: int, *, hours: float = 3) -> None:
        """Move the hand-ins, and every version of the copies so far, so far into the past."""
        move_into_past(assignment_id, hours=hours)

    def hand_in_of(self, assignment_id: int, account: Account) -> Part:
        """The row of one person."""
        mine = select(Part).where(Part.assignment_id == assignment_id, Part.user_id == account.id)
        with read_transaction() as session:
            return session.scalars(mine).one()

    def take_snapshots(self) -> int:
        """What the job does."""
        return snapshots.take_snapshots()


def move_into_past(assignment_id: int, *, hours: float, but: int = 0) -> None:
    """Move the hand-ins, and every version of the copies so far, but for those of the account with this number."""
    earlier = timedelta(hours=hours)
    with transaction() as session:
        rows = session.scalars(select(Part).where(Part.assignment_id == assignment_id)).all()
        moved = [row for row in rows if row.user_id is None or row.user_id != but]
        for row in moved:
            row.due_at -= earlier
            row.handed_in_at = row.handed_in_at and row.handed_in_at - earlier
        copies = select(Project.repository_id).where(Project.id.in_([row.project_id for row in moved]))
        for version in session.scalars(select(Version).where(Version.repository_id.in_(copies))):
            version.created_at -= earlier


def new_group(name: str, title: str, people: dict[Account, str]) -> int:
    """A group with these people in these roles; its number."""
    email = f"{name}@group.invalid"
    with transaction() as session:
        group = User(name=name, name_key=name, full_name=title, email=email, email_key=email, session_key="0" * 32)
        group.kind = "group"
        session.add(group)
        session.flush()
        for account, role in people.items():
            session.add(GroupMember(group_id=group.id, user_id=account.id, role=role))
        return group.id


@pytest.fixture
def school(app: Flask) -> School:
    """The course."""
    ada, sam, tom = (new_account(name, full_name=name.title()) for name in ("ada", "sam", "tom"))
    new_group("statistics", "Statistics I", {ada: "owner", sam: "participant", tom: "participant"})
    template = create_project(ada, name="exercise", description="", visibility="private", owner="statistics")
    store_files(template, ada, {"README.md": b"# Exercise\n", "data/table.csv": b"a,b\n1,2\n"})
    return School(ada, sam, tom, project_for(ada, "statistics", "exercise"))
