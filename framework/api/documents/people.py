"""What the API says of people: each model is a JSON document and its schema."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import TokenAbout
from framework.api.answers import Answer
from framework.profiles.editing import ProfileText
from framework.projects.core.offers import Offer
from framework.projects.members.invitations import Pending
from framework.projects.members.people import Added, Participant
from framework.projects.members.usage import Usage as ProjectUsage


class User(Answer):
    """An account, as its owner sees it."""

    id: int
    name: str = Field(description="The user name, which the addresses of this person's projects begin with.")
    full_name: str
    email: str
    admin: bool
    about: str = Field(description="What the profile says, in Markdown.")
    links: list[str]

    @classmethod
    def of(cls, account: Account, text: ProfileText) -> "User":
        """The answer about this account, whose profile says this."""
        told = {"id": account.id, "name": account.name, "full_name": account.full_name, "email": account.email}
        return cls.model_validate(told | {"admin": account.admin, "about": text.about, "links": list(text.links)})


class NewToken(Answer):
    """A token that was just made; its text is never shown again."""

    token: str
    name: str
    scopes: list[str]


class UsedBy(Answer):
    """A project and what it holds; in the trash it counts until it is deleted for good."""

    owner: str
    name: str
    bytes: int
    trashed: bool


class Usage(Answer):
    """What the projects of one owner hold together, what they may, and a page of them, the largest first."""

    plan: str = Field(description="`free`, `student` or `unlimited`.")
    used_bytes: int
    allowed_bytes: int | None = Field(description="None where the plan has no limit.")
    projects: list[UsedBy]

    @classmethod
    def of(cls, usage: ProjectUsage) -> "Usage":
        """The document of it."""
        return cls(
            plan=usage.held.plan.name,
            used_bytes=usage.used_bytes,
            allowed_bytes=usage.limit_bytes,
            projects=[
                UsedBy(owner=one.owner, name=one.name, bytes=one.size_bytes, trashed=one.trashed_at is not None)
                for one in usage.projects
            ],
        )


class Token(Answer):
    """What can be told of a token later; without a `project` it is for all of them."""

    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    project: str | None

    @classmethod
    def of(cls, about: TokenAbout, project: str | None) -> "Token":
        """The answer about this token, which is for this project."""
        return cls(
            id=about.id,
            name=about.name,
            scopes=list(about.scopes),
            created_at=about.created_at,
            expires_at=about.expires_at,
            last_used_at=about.last_used_at,
            project=project,
        )


Role = Literal["reader", "writer", "maintainer", "owner"]


class Person(Answer):
    """Somebody who takes part in a project; `owns` is true of the account that it belongs to."""

    id: int = Field(description="The number of the account, by which the role is changed and the person removed.")
    person: str = Field(description="The user name, or the address by which they were added while the name is unknown.")
    role: Role
    owns: bool

    @classmethod
    def of(cls, one: Participant) -> "Person":
        """The answer about this participant."""
        return cls.model_validate({"id": one.id, "person": one.shown, "role": one.role, "owns": one.owns})


class Invited(Answer):
    """An invitation that nobody has accepted yet."""

    id: int
    person: str = Field(description="The e-mail address.")
    role: Role
    state: Literal["pending"]
    invited_by: str | None
    expires_at: datetime

    @classmethod
    def of(cls, one: Pending) -> "Invited":
        """The answer about this invitation."""
        told = {"id": one.id, "person": one.email, "role": one.role, "state": "pending"}
        return cls.model_validate(told | {"invited_by": one.by, "expires_at": one.expires_at})


class NewPerson(Answer):
    """Somebody who was added, or invited: then the state is `pending`, and `id` is the invitation's."""

    id: int
    person: str
    role: Role
    state: Literal["added", "pending"]

    @classmethod
    def of(cls, added: Added, role: str) -> "NewPerson":
        """The answer about somebody who was just added with this role."""
        state = "pending" if added.pending else "added"
        return cls.model_validate({"id": added.id, "person": added.who, "role": role, "state": state})


class Transfer(Answer):
    """A project that waits for somebody to take it over."""

    id: int
    project: str = Field(description="`owner/name`, as it is until they accept.")
    to: str
    state: Literal["pending"]
    expires_at: datetime

    @classmethod
    def of(cls, offer: Offer) -> "Transfer":
        """The answer about this offer."""
        told = {"id": offer.id, "project": offer.full_name, "to": offer.to, "state": "pending"}
        return cls.model_validate(told | {"expires_at": offer.expires_at})
