"""What the API is sent: each model is a JSON document with its rules and its schema."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeVar

from flask import request
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from framework.accounts.signin.tokens import NAME_LENGTH
from framework.api.answers import OBJECT_NAME
from framework.api.body.contents import Content
from framework.api.body.parsing import parse_json, refuse_other_media
from framework.errors import Invalid
from framework.uploads.receiving import MAX_PARTS

Document = TypeVar("Document", bound=BaseModel)
Moment = Annotated[AwareDatetime, Field(strict=False)]
"""A moment as RFC 3339 writes it; one without a time zone is refused."""


class BadDocument(Invalid):
    """The body is JSON, and not what the call takes; `errors` tells each place and what is wrong there."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        places = ", ".join(f"“{place}”: {reason}" if place else reason for place, reason in errors[:3])
        super().__init__(f"The body does not fit the call. {places}")
        self._errors = errors

    @property
    def members(self) -> dict[str, object]:
        """Every place of the body that has to be changed."""
        return {"errors": [{"pointer": place, "detail": reason} for place, reason in self._errors]}


class Body(BaseModel):
    """The base of every body: members that nobody knows are told and not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


class TokenBody(Body):
    """A token to be made: each scope includes those before it, without `days` it does not end."""

    name: str = Field(min_length=1, max_length=NAME_LENGTH)
    scopes: list[Literal["read", "write", "admin"]] = Field(min_length=1)
    days: int | None = Field(default=None, ge=1, le=3650)
    project: str | None = Field(default=None, description="The one project, `owner/name`; all without it.")


class ProjectBody(Body):
    """A project to be created."""

    name: str
    description: str = ""
    visibility: Literal["public", "private"] = "private"
    owner: str = Field(default="", description="The caller, or a group in which they may create projects.")
    template: str | None = Field(
        default=None, description="A template, `owner/name`, whose newest files are the first version; none without it."
    )


class AssignmentBody(Body):
    """An assignment for the participants of a group; the deadline has a time zone (RFC 3339)."""

    title: str
    text: str = ""
    template: str | None = Field(default=None, description="`owner/name` of what each participant starts with.")
    deadline: Moment
    time_zone: str = Field(default="UTC", description="In which pages show the deadline, such as Europe/Berlin.")
    people: list[str] | None = Field(
        default=None,
        description="User names, or addresses that were invited; every participant without it.",
    )


class AssignmentChanges(Body):
    """What becomes of an assignment that is over."""

    archived: bool = Field(description="Whether only participants who have started see it.")


class MoreTimeBody(Body):
    """A deadline for one participant of an assignment, later than the one for all."""

    person: str = Field(min_length=1, max_length=254, description="A user name.")
    until: Moment


class CopyBody(Body):
    """A copy to be made of a project; that of a private one is private."""

    name: str | None = Field(default=None, description="The original's name without it.")
    description: str = ""
    visibility: Literal["public", "private"] = "private"
    default_branch_only: bool = Field(default=False, description="Leave out the other branches and all tags.")
    owner: str = Field(default="", description="A group in which the caller may create projects; otherwise the caller.")


class ProjectChanges(Body):
    """What to change of a project; what is left out stays."""

    name: str | None = None
    description: str | None = None
    visibility: Literal["public", "private"] | None = None
    default_branch: str | None = Field(default=None, description="The branch that is shown first and cloned.")
    is_template: bool | None = Field(default=None, description="Whether new projects can start with its files.")


class GroupBody(Body):
    """A group to be created."""

    name: str
    title: str = ""


class UserChanges(Body):
    """What a profile is to say; what is left out stays."""

    about: str | None = Field(None, description="Markdown, up to 2,000 characters.")
    links: list[str] | None = Field(None, description="Up to five addresses that begin with https://.")


class GroupChanges(UserChanges):
    """What is to be other about a group; what is left out stays."""

    name: str | None = None
    title: str | None = None
    member_role: Literal["reader", "writer"] | None = None
    owners_need_second_factor: bool | None = None
    people_public: bool | None = Field(None, description="Whether everyone sees who owns it and who is a member.")


class GroupPersonBody(Body):
    """Somebody to add to a group."""

    person: str = Field(min_length=1, max_length=254, description="A user name or an e-mail address.")
    role: Literal["member", "owner", "participant"] = "member"


class LeavingBody(Body):
    """Somebody who is to leave a group."""

    person: str = Field(min_length=1, max_length=254, description="A user name or a confirmed e-mail address.")


class RoleBody(Body):
    """The role that somebody is to have."""

    role: Literal["reader", "writer", "maintainer", "owner"]


class PersonBody(Body):
    """Somebody to add to a project."""

    person: str = Field(min_length=1, max_length=254, description="A user name or an e-mail address.")
    role: Literal["reader", "writer", "maintainer", "owner"] = "reader"


class TransferBody(Body):
    """The person or group that is to take a project over."""

    to: str = Field(min_length=1, max_length=254, description="A user name, or the name of a group.")


class DeletionBody(Body):
    """The name of the project that is to be deleted for good, said once more."""

    name: str = Field(max_length=254, description="Its name, or `owner/name`.")


class EmbargoBody(Body):
    """The day on which a private project turns public."""

    public_on: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A day, as 2027-05-31; it begins in UTC.")


class BranchBody(Body):
    """What a branch is to be called."""

    name: str = Field(min_length=1, max_length=200)


def _is_content(value: object) -> Content:
    if not isinstance(value, Content):
        raise ValueError("give a string")  # noqa: TRY004
    return value


Text = Annotated[Content, PlainValidator(_is_content), WithJsonSchema({"type": "string"})]
"""A string that may be as long as a file."""
CONTENTS = frozenset({"content", "content_base64"})


class PutBody(Body):
    """Store a file: its text (`content`), its bytes in base64 (`content_base64`), or those of a finished upload."""

    op: Literal["put"]
    path: str
    content: Text | None = None
    content_base64: Text | None = None
    upload: str | None = Field(default=None, description="The id of a tus upload, the end of its address.")

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if sum(given is not None for given in (self.content, self.content_base64, self.upload)) != 1:
            raise ValueError("give one of content, content_base64 and upload")
        return self


OPERATION_TAG = 2
"""Where pydantic says which kind of operation it is: after `operations` and a number, before the member."""


class DeleteBody(Body):
    """Remove a file or folder."""

    op: Literal["delete"]
    path: str


class MoveBody(Body):
    """Take a file or folder to another path."""

    op: Literal["move"]
    path: str
    to: str


class CommitBody(Body):
    """One commit: with `parent` the branch has to be there, with `start` a new branch begins at that commit."""

    branch: str
    message: str
    parent: str | None = Field(default=None, pattern=OBJECT_NAME)
    start: str | None = Field(default=None, pattern=OBJECT_NAME)
    operations: list[Annotated[PutBody | DeleteBody | MoveBody, Field(discriminator="op")]] = Field(
        min_length=1, max_length=MAX_PARTS
    )

    @model_validator(mode="after")
    def _begins_or_goes_on(self) -> Self:
        if self.parent and self.start:
            raise ValueError("give parent or start, not both")
        return self


def read_body(model: type[Document]) -> Document:
    """The request's body as this document; for documents that fit into memory.

    Raises:
        NotJson, BadJson, BadDocument.
    """
    refuse_other_media()
    return validate(model, parse_json(request.get_data(cache=False)))


def validate(model: type[Document], values: object) -> Document:
    """The values as this document.

    Raises:
        BadDocument: with each place that does not fit.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise BadDocument([_describe_error(one) for one in error.errors(include_url=False)]) from error


def _describe_error(error: Mapping[str, Any]) -> tuple[str, str]:
    """The place as a JSON pointer (RFC 6901), empty for the whole body, and what is wrong there."""
    steps: list[int | str] = list(error["loc"])
    if steps[:1] == ["operations"] and len(steps) > OPERATION_TAG:
        del steps[OPERATION_TAG]
    place = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return place, str(error["msg"]).removeprefix("Value error, ")
