"""What the API says of commit statuses, in GitHub's words."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from framework.api.answers import OBJECT_NAME, Answer
from framework.statuses.reading import CombinedStatus
from framework.statuses.reading import Status as ReadStatus

State = Literal["pending", "success", "failure", "error"]


class Status(Answer):
    """What was last said about a commit in a context; `creator` is null when the account is gone."""

    id: int
    sha: str = Field(pattern=OBJECT_NAME)
    state: State
    context: str
    description: str
    target_url: str
    creator: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, status: ReadStatus) -> "Status":
        """The answer about this status."""
        return cls.model_validate(status, from_attributes=True)


class Combined(Answer):
    """All statuses of a commit: `failure` if one is a failure or error, else `pending` if one is or none is there."""

    sha: str = Field(pattern=OBJECT_NAME)
    state: Literal["pending", "success", "failure"]
    total_count: int
    statuses: list[Status]

    @classmethod
    def of(cls, sha: str, combined: CombinedStatus) -> "Combined":
        """The answer about this commit."""
        told = [Status.of(status) for status in combined.statuses]
        return cls.model_validate({"sha": sha, "state": combined.state, "total_count": len(told), "statuses": told})
