"""`/admin/people`: accounts and groups, and what an administrator does with them."""

from flask import Response

from framework.accounts.factors import administration as factors
from framework.accounts.factors.checking import read_ways
from framework.accounts.lifecycle import administration
from framework.admin import lists
from framework.admin.guard import NoSuchPage
from framework.admin.lists import ListedPerson
from framework.api.admin_bodies import GivenPlanBody, ReasonBody
from framework.api.answers import answer
from framework.api.bodies import read_body
from framework.api.calls import Call, describe
from framework.api.documents.administration import AdministeredPerson, ListedPersonAnswer
from framework.api.paging import links
from framework.api.resources.administration.access import administrators_only, current_administrator
from framework.api.resources.administration.lists import describe_list, read_list
from framework.errors import Conflict
from framework.groups.suspension import resume_group, suspend_group

people = administrators_only("admin_people", "/people")

CHOICES = (lists.PEOPLE_STATES, lists.PEOPLE_ORDERS)


class OwnSecondFactor(Conflict):
    """A token would take the second factor from the account that made it."""

    def __init__(self) -> None:
        super().__init__("This is your own account. Remove its second factor in your settings, under Security.")


@people.get("")
@describe(Call({200: [ListedPersonAnswer]}, needs="administrator", query=describe_list("name or address", *CHOICES)))
def list_accounts() -> Response:
    """All accounts; groups are listed in the states `groups`, `suspended` and `plan`."""
    asked = read_list(*CHOICES)
    listing = lists.list_people(asked)
    told = [ListedPersonAnswer.of(person) for person in listing.rows]
    return answer(told, headers=links(asked.page, more=listing.more))


@people.get("/<name>")
@describe(Call({200: AdministeredPerson}, needs="administrator"))
def show_account(name: str) -> Response:
    """One account or group: its plan, what it stores, and how its person signs in."""
    return _show(name)


@people.post("/<name>/suspend")
@describe(Call({200: AdministeredPerson}, needs="administrator", body=ReasonBody, refusals=(409,)))
def suspend_account(name: str) -> Response:
    """Let an account do nothing, or nobody act through a group, until it is resumed; a mail says why."""
    owner, reason = _find(name), read_body(ReasonBody).reason
    suspend = suspend_group if owner.is_group else administration.suspend
    return _show(suspend(owner.name, reason=reason, by=current_administrator()))


@people.post("/<name>/resume")
@describe(Call({200: AdministeredPerson}, needs="administrator"))
def resume_account(name: str) -> Response:
    """Let a suspended account in again, or have a suspended group's roles count again."""
    owner = _find(name)
    resume = resume_group if owner.is_group else administration.resume
    return _show(resume(owner.name, by=current_administrator()))


@people.put("/<name>/plan")
@describe(Call({200: AdministeredPerson}, needs="administrator", body=GivenPlanBody))
def give_plan(name: str) -> Response:
    """Give an account or group a plan; with null its address decides, and a group has `free`."""
    owner, plan = _find(name), read_body(GivenPlanBody).plan
    return _show(administration.give_plan(owner.name, plan, by=current_administrator()))


@people.post("/<name>/second-factor/reset")
@describe(Call({200: AdministeredPerson}, needs="administrator", body=ReasonBody, refusals=(409,)))
def reset_second_factor(name: str) -> Response:
    """Remove the second factor of somebody else who has lost it; their sessions and tokens end, and a mail says why."""
    person, by = _find(name), current_administrator()
    if person.is_group:
        raise NoSuchPage
    reason = read_body(ReasonBody).reason
    if person.id == by.id:
        raise OwnSecondFactor
    return _show(factors.reset_second_factor(person.name, reason=reason, by=by))


def _show(name: str) -> Response:
    person = _find(name)
    held, ways = administration.read_plan_of(person.name), read_ways(person.id)
    return answer(AdministeredPerson.about(person, held, ways))


def _find(name: str) -> ListedPerson:
    owner = lists.find_listed_person(name)
    if owner is None:
        raise NoSuchPage
    return owner
