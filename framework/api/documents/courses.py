"""The answers about courses: assignments, and what participants made of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from framework import config
from framework.api.answers import OBJECT_NAME, Answer
from framework.courses.assignments import ListedAssignment
from framework.courses.roster import Outcome
from framework.courses.teaching.lines import Entrant


class ListedAssignmentAnswer(Answer):
    """An assignment; `due_at` is the deadline that counts for the caller."""

    id: int
    title: str
    deadline: datetime
    due_at: datetime
    time_zone: str
    opened: int = Field(description="How many participants have started.")
    archived: bool
    html_url: str

    @classmethod
    def of(cls, listed: ListedAssignment, path: str) -> "ListedAssignmentAnswer":
        """The answer about this assignment of the course at this address."""
        return cls(
            id=listed.id,
            title=listed.title,
            deadline=listed.deadline,
            due_at=listed.due_at,
            time_zone=listed.time_zone,
            opened=listed.opened,
            archived=listed.archived,
            html_url=f"{config.current().base_url}{path}/{listed.id}",
        )


States = Mapping[tuple[int, str], str]


class Participation(Answer):
    """A line of the teacher's table. `snapshot` is the commit that was newest at the deadline."""

    person: str
    project: str | None
    state: Literal["not opened", "open", "handed in", "late"]
    due_at: datetime
    changed_at: datetime | None
    handed_in_at: datetime | None
    snapshot: str | None = Field(pattern=OBJECT_NAME)
    status: Literal["pending", "success", "failure"] | None = Field(
        description="What programs say together about the version that counts, or else the newest."
    )

    @classmethod
    def of(cls, entrant: Entrant, states: States) -> "Participation":
        """The answer about this person; `states` as `read_states` gives it."""
        return cls.model_validate(
            {
                "person": entrant.person,
                "project": entrant.project,
                "state": entrant.state,
                "due_at": entrant.due_at,
                "changed_at": entrant.changed_at,
                "handed_in_at": entrant.handed_in_at,
                "snapshot": entrant.snapshot_sha,
                "status": states.get(entrant.checked) if entrant.checked else None,
            }
        )


class AssignmentAnswer(Answer):
    """An assignment with what its participants made of it: everybody for who teaches, else the caller alone."""

    id: int
    title: str
    text: str
    template: str | None
    deadline: datetime
    time_zone: str
    archived: bool
    invited: int | None = Field(description="How many are invited and have not joined yet; for who teaches.")
    invited_addresses: list[str] | None = Field(
        description="Their addresses, for owners of the group with a token of the scope `admin`."
    )
    people: list[Participation]


class ListedPerson(Answer):
    """What a line of a list did: `added`, `invited`, `already` there, or `refused` with the reason."""

    line: int
    name: str
    person: str
    state: Literal["added", "invited", "already", "refused"]
    reason: str

    @classmethod
    def of(cls, outcome: Outcome) -> "ListedPerson":
        """The answer about this line."""
        line = outcome.line
        told = {"line": line.number, "name": line.name, "person": line.person}
        return cls.model_validate(told | {"state": outcome.state, "reason": outcome.reason})
