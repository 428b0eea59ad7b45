"""What the API says of links: each model is a JSON document and its schema."""

from datetime import datetime
from typing import Literal, cast

from pydantic import Field

from framework.api.answers import Answer
from framework.links.drop.receipts import HandedIn
from framework.links.listing import LinkAbout

Kind = Literal["view", "drop"]


class NewLink(Answer):
    """A link that was just made; its address is never shown again."""

    id: int
    url: str


class Link(Answer):
    """What can be told of a link later; those from `folder` on are a drop-off link's."""

    id: int
    kind: Kind
    title: str
    anonymous: bool = Field(description="Whether a view-only link hides who works on the project.")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    folder: str | None
    deadline: datetime | None
    time_zone: str | None = Field(description="In which pages show the deadline.")
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
            time_zone=about.time_zone,
            closed=about.is_closed,
            hand_ins=about.hand_ins,
        )


class HandedInFile(Answer):
    """A file that somebody handed in; the path is below their folder, the size in bytes."""

    path: str
    size: int
    sha256: str


class HandIn(Answer):
    """What somebody handed in, or that they were given more time: then nothing is there yet and `folder` is null."""

    id: int
    name: str
    email: str
    folder: str | None = Field(description="The person's own, below the link's.")
    handed_in_at: datetime | None = Field(description="When it was last replaced, else when it came.")
    times: int = Field(description="How often they have sent files.")
    extended_until: datetime | None
    files: list[HandedInFile]

    @classmethod
    def of(cls, one: HandedIn) -> "HandIn":
        """The answer about this hand-in."""
        return cls(
            id=one.id,
            name=one.name,
            email=one.email,
            folder=one.folder,
            handed_in_at=one.handed_in_at,
            times=one.times,
            extended_until=one.extended_until,
            files=[HandedInFile(path=file["path"], size=file["size"], sha256=file["sha256"]) for file in one.files],
        )


class Extension(Answer):
    """More time for one person, who got a mail with a link of their own."""

    id: int = Field(description="The number of their place in the list of hand-ins.")
    email: str
    until: datetime
