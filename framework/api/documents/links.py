"""What the API says of links: each model is a JSON document and its schema."""

from datetime import datetime
from typing import Literal, cast

from pydantic import Field

from framework.api.answers import Answer
from framework.links.owning import LinkAbout

Kind = Literal["view", "drop"]


class NewLink(Answer):
    """A link that was just made; its address is never shown again."""

    id: int
    url: str


class Link(Answer):
    """What can be told of a link later; `folder`, `deadline`, `closed` and `hand_ins` are those of a drop-off link."""

    id: int
    kind: Kind
    title: str
    anonymous: bool = Field(description="Whether a view-only link hides who works on the project.")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    folder: str | None
    deadline: datetime | None
    closed: bool
    hand_ins: int

    @classmethod
    def of(cls, about: LinkAbout) -> "Link":
        """The answer about this link."""
        return cls(
            id=about.id,
            kind=cast("Kind", about.kind),
            title=about.title,
            anonymous=about.anonymous,
            created_at=about.created_at,
            expires_at=about.expires_at,
            last_used_at=about.last_used_at,
            folder=about.folder,
            deadline=about.deadline,
            closed=about.is_closed,
            hand_ins=about.hand_ins,
        )
