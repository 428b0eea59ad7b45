"""What the API says of groups: each model is a JSON document and its schema."""

from typing import Literal

from pydantic import Field

from framework.api.answers import Answer
from framework.groups.access import GroupAccess
from framework.groups.listing import GroupPerson
from framework.groups.operations import ListedGroup
from framework.profiles.editing import ProfileText
from framework.projects.members.people import Added


class ListedGroupAnswer(Answer):
    """A group that the caller is in."""

    name: str
    title: str
    role: str
    suspended: bool = Field(description="Whether nobody has a role through it until an administrator resumes it.")

    @classmethod
    def of(cls, group: ListedGroup) -> "ListedGroupAnswer":
        """The document of it."""
        return cls(name=group.name, title=group.title, role=group.role, suspended=group.suspended)


class Group(Answer):
    """A group: anyone may know its name, title and profile."""

    name: str
    title: str
    role: str | None = Field(description="The caller's role: `owner`, `member` or `participant`; none outside of it.")
    member_role: Literal["reader", "writer"] = Field(description="What members are in the group's projects.")
    owners_need_second_factor: bool = Field(description="Whether an owner without one is a member until they have one.")
    url: str = Field(description="The address of its page.")
    about: str = Field(description="What its profile says, in Markdown.")
    links: list[str]
    people_public: bool = Field(description="Whether everyone sees who owns it and who is a member.")

    @classmethod
    def of(cls, group: GroupAccess, text: ProfileText, base_url: str) -> "Group":
        """The document of it."""
        member_role: Literal["reader", "writer"] = "writer" if group.member_role == "writer" else "reader"
        url = f"{base_url}{group.path}"
        return cls(
            name=group.name,
            title=group.title,
            role=group.role,
            member_role=member_role,
            owners_need_second_factor=group.owners_need_factor,
            url=url,
            about=text.about,
            links=list(text.links),
            people_public=text.people_public,
        )


class GroupMember(Answer):
    """Somebody in a group; by an address alone where they were added by it and have not come yet."""

    id: int
    person: str
    role: str

    @classmethod
    def of(cls, person: GroupPerson) -> "GroupMember":
        """The document of it."""
        return cls(id=person.id, person=person.shown, role=person.role)


class NewGroupMember(Answer):
    """Somebody who was added or invited."""

    id: int = Field(description="The number of the account, or of the invitation.")
    person: str
    role: str
    state: Literal["added", "pending"]

    @classmethod
    def of(cls, added: Added, role: str) -> "NewGroupMember":
        """The document of it."""
        return cls(id=added.id, person=added.who, role=role, state="pending" if added.pending else "added")
