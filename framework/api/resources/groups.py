"""Groups and their people."""

from flask import Blueprint, Response

from framework import config
from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import LOCATION, answer, no_content
from framework.api.bodies import GroupBody, GroupChanges, GroupPersonBody, LeavingBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.groups import Group, GroupMember, ListedGroupAnswer, NewGroupMember
from framework.api.documents.people import Usage
from framework.api.paging import LONGEST_PAGE, PAGE, links, page_length, page_number
from framework.groups import operations, people
from framework.groups.access import GroupAccess, group_for, group_with_people
from framework.groups.listing import list_people
from framework.profiles.editing import ProfileText, check_about, check_links, read_profile_text, save_profile_text
from framework.projects.core.groups import MEMBER, OWNER, PARTICIPANT
from framework.projects.members.usage import usage_of_owner

groups = Blueprint("groups", __name__, url_prefix="/groups")


@groups.get("")
@describe(Call({200: [ListedGroupAnswer]}, needs="token"))
def list_groups() -> Response:
    """The groups that the caller is in, by name."""
    return answer([ListedGroupAnswer.of(group) for group in operations.list_groups_of(callers.reader())])


@groups.post("")
@describe(Call({201: Group}, needs="admin", body=GroupBody, refusals=(409, 429)))
def create_group() -> Response:
    """Create a group, which the caller owns."""
    account = callers.administrator()
    body = read_body(GroupBody)
    group = operations.create_group(account, name=body.name, title=body.title)
    made = answer(_describe(group), 201)
    made.headers[LOCATION] = f"{config.current().base_url}/api/v1/groups/{group.name}"
    return made


@groups.get("/<group>")
@describe(Call({200: Group}))
def show_group(group: str) -> Response:
    """One group."""
    return answer(_describe(group_for(callers.visitor(), group)))


@groups.patch("/<group>")
@describe(Call({200: Group}, needs="admin", body=GroupChanges, refusals=(409,)))
def change_group(group: str) -> Response:
    """Change what is given; for owners of the group."""
    account, found = _find_owned(group)
    body = read_body(GroupChanges)
    check_about(body.about or "")
    check_links(body.links or ())
    given = {"name": body.name, "title": body.title, "member_role": body.member_role}
    changed = operations.update_group(account, found, **given, owners_need_factor=body.owners_need_second_factor)
    if body.about is not None or body.links is not None or body.people_public is not None:
        save_profile_text(account, changed, about=body.about, links=body.links, people_public=body.people_public)
    return answer(_describe(changed))


@groups.get("/<group>/usage")
@describe(Call({200: Usage}, needs="token", query=PAGE))
def show_group_usage(group: str) -> Response:
    """What the group's projects hold of what they may; for the group's owners and members."""
    found = group_for(callers.reader(), group, MEMBER)
    number, length = page_number(), page_length(LONGEST_PAGE)
    used = usage_of_owner(found.id, number, length)
    return answer(Usage.of(used), headers=links(number, more=used.more))


@groups.get("/<group>/members")
@describe(Call({200: [GroupMember]}, needs="token", query=PAGE))
def list_members(group: str) -> Response:
    """The people in the group: owners first, then by name. Participants are shown to owners.

    Whoever is not in the group gets owners and members where its profile shows them to everyone.
    """
    found = group_with_people(callers.reader(), group)
    number, length = page_number(), page_length(LONGEST_PAGE)
    listed = list_people(found, page=number, length=length)
    listing = answer([GroupMember.of(person) for person in listed.people])
    listing.headers.extend(links(number, more=listed.more))
    return listing


@groups.post("/<group>/members")
@describe(Call({201: NewGroupMember}, needs="admin", body=GroupPersonBody, refusals=(409, 429)))
def add_member(group: str) -> Response:
    """Add somebody by user name or confirmed address, or give them another role; another address is invited."""
    account, found = _find_owned(group)
    body = read_body(GroupPersonBody)
    added = people.set_role(account, found, person=body.person, role=body.role)
    return answer(NewGroupMember.of(added, body.role), 201)


@groups.delete("/<group>/members")
@describe(Call({204: None}, needs="admin", body=LeavingBody, refusals=(409,)))
def remove_member(group: str) -> Response:
    """Remove somebody; the caller's own name leaves the group, which its last owner cannot."""
    account = callers.administrator()
    found = group_for(account, group, PARTICIPANT)
    person = read_body(LeavingBody).person
    if person.casefold() == account.name.casefold():
        people.leave(account, found)
        return no_content()
    found = group_for(account, group, OWNER)
    people.remove_person(account, found, person_id=people.find_person_id(found, person))
    return no_content()


def _find_owned(name: str) -> tuple[Account, GroupAccess]:
    account = callers.administrator()
    return account, group_for(account, name, OWNER)


def _describe(group: GroupAccess) -> Group:
    text = ProfileText() if group.suspended else read_profile_text(group.id)
    return Group.of(group, text, config.current().base_url)
