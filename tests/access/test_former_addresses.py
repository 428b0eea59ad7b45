"""Every address that names an owner, read by the names of before: renamed people, groups and projects, and handed over.

The routes are those of the application: a new one is asked, too, and has to lead on or be named here with the reason.
"""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import find_user, update_profile
from framework.database.session import read_transaction
from framework.groups.access import group_for
from framework.groups.operations import update_group
from framework.projects.core.access import project_for
from framework.projects.core.directory import find_project
from framework.projects.lifecycle.leaving import hand_over
from framework.projects.lifecycle.operations import update_project
from tests.access.requests import address_of
from tests.access.test_matrix import told
from tests.access.world import World, make_world

OWNERS = {"owner", "group"}
NOT_LED = {
    "git.show_project": "leads to the project's page, which leads on",
    "lfs.locks": "no project has locks",
}
"""GET routes with an owner in their path that do not lead on, and why."""


def list_routes(app: Flask) -> list[Rule]:
    """The addresses that are read and name who owns what is there."""
    rules = [rule for rule in app.url_map.iter_rules() if OWNERS & rule.arguments and "GET" in (rule.methods or set())]
    assert len(rules) > 60
    return [rule for rule in rules if rule.endpoint not in NOT_LED]


def is_of_course(rule: Rule) -> bool:
    """Whether only those in a group may know what is there: its assignments and participants, as pages and by API."""
    return rule.endpoint.rpartition(".")[0] in {"courses", "api.courses", "api.participants"}


def account_of(name: str) -> Account:
    """The account that is called so now."""
    with read_transaction() as session:
        user = find_user(session, name)
        assert user
        return Account.of(user)


def check_moved(world: World, rule: Rule, before: dict[str, str], now: dict[str, str]) -> str | None:
    """What is wrong with the answer at the address of before; None where it leads to that of today."""
    old, new = (address_of(rule, f"GET {rule.endpoint}", things) for things in (before, now))
    if old == new:
        return None
    caller = "owner" if "project" in rule.arguments or is_of_course(rule) else "group owner"
    answer = world.callers[caller].ask(world.app, rule.endpoint, "GET", old, {})
    place = answer.headers.get("Location", "").removeprefix("http://localhost")
    if answer.status_code in {301, 307, 308} and place == new:
        return None
    return f"{rule.endpoint}: {old} {answer.status_code} {place or '-'} and not {new}"


def check_hidden(world: World, rules: list[Rule]) -> list[str]:
    """The addresses of before at which a stranger, or somebody without a part, learns that anything is there."""
    earlier = {**world.private, "owner": "lab", "project": "quicksand", "group": "school"}
    missing = {**earlier, "project": "moonstone", "group": "nobody"}
    hidden = [rule for rule in rules if "project" in rule.arguments or is_of_course(rule)]
    wrong = []
    for rule in hidden:
        for caller in ("stranger", "passer-by"):
            answers = []
            for things in (earlier, missing):
                address = address_of(rule, f"GET {rule.endpoint}", things)
                answer = world.callers[caller].ask(world.app, rule.endpoint, "GET", address, {})
                answers.append(told(answer, things["project" if "project" in rule.arguments else "group"]))
            if answers[0] != answers[1]:
                wrong.append(f"{rule.endpoint} tells a {caller} of what was renamed: {answers[0][0]}, {answers[1][0]}")
    return wrong


@pytest.mark.long
def test_every_address_of_before_leads_to_the_one_of_today(app: Flask) -> None:
    world = make_world(app)
    rules = list_routes(app)
    alice, owner = account_of("alice"), account_of("owner")
    update_group(alice, group_for(alice, "lab"), name="laboratory")
    update_group(owner, group_for(owner, "school"), name="academy")
    update_project(alice, project_for(alice, "laboratory", "quicksand"), name="sand")
    now = {**world.private, "owner": "laboratory", "project": "sand", "group": "academy"}
    wrong: list[str | None] = []
    for names in (("lab", "quicksand"), ("lab", "sand"), ("laboratory", "quicksand")):
        before = {**now, "owner": names[0], "project": names[1], "group": "school"}
        wrong += [check_moved(world, rule, before, now) for rule in rules]
    wrong += check_hidden(world, rules)
    hand_over(find_project("laboratory/sand").id, "owner")
    update_profile(owner.id, name="owner-now", full_name="", email=owner.email)
    now = {**world.private, "owner": "owner-now", "project": "sand"}
    in_project = [rule for rule in rules if "project" in rule.arguments]
    for names in (("lab", "quicksand"), ("laboratory", "sand"), ("owner", "sand"), ("OWNER", "Sand")):
        before = {**now, "owner": names[0], "project": names[1]}
        wrong += [check_moved(world, rule, before, now) for rule in in_project]
    faults = [each for each in wrong if each]
    assert not faults, "\n".join(faults)
