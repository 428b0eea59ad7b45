"""What the API is sent about links: each model is a JSON document with its rules and its schema."""

from typing import Literal, Self

from pydantic import Field, model_validator

from framework.api.bodies import Body, Moment

ONLY_OF_DROP_OFFS = {"folder", "text", "deadline", "time_zone", "types", "max_file_bytes"}


class LinkBody(Body):
    """A link to be made; all from `folder` on is for drop-off links. Moments have a time zone (RFC 3339)."""

    kind: Literal["view", "drop"]
    title: str = ""
    expires_at: Moment | None = None
    anonymous: bool = Field(default=False, description="Of a view-only link: hide who works on the project.")
    folder: str = Field(default="", description="Where each person's folder is created; the top folder without it.")
    text: str = ""
    deadline: Moment | None = None
    time_zone: str = Field(default="UTC", description="In which pages show the deadline, such as Europe/Berlin.")
    types: list[str] = Field(default=[], description="Endings of file names that are accepted; any without them.")
    max_file_bytes: int | None = Field(default=None, ge=1)
    max_total_bytes: int = Field(default=2 << 30, ge=1, le=1 << 50)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "drop" and self.anonymous:
            raise ValueError("a drop-off link cannot be anonymous")
        if self.kind == "view" and self.model_fields_set & ONLY_OF_DROP_OFFS:
            raise ValueError("a view link takes kind, title, expires_at and anonymous only")
        return self


class LinkChanges(Body):
    """What is to be other about a drop-off link; what is left out stays."""

    closed: bool | None = Field(default=None, description="Whether nothing more is taken.")
    deadline: Moment | None = Field(default=None, description="A later moment with a time zone; null for none.")
    time_zone: str | None = Field(default=None, description="In which pages show the deadline.")


class ExtensionBody(Body):
    """More time for one person to hand in by a drop-off link."""

    email: str = Field(min_length=1, max_length=254)
    until: Moment
