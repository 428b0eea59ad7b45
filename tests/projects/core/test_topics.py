"""Projects are found by name, description and topic, each by those who may see it."""

import re

import pytest

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import update_project
from tests.cast import SignIn, Visitor, on_each_deployment, on_one_deployment

pytestmark = on_each_deployment


def found(page: str) -> list[str]:
    return re.findall(r'<a class="list-title" href="([^"]+)"', page)


def with_topics(account: Account, project: ProjectAccess, topics: str) -> None:
    update_project(
        account,
        project,
        name=project.name,
        description=project.description,
        visibility=project.visibility,
        topics=topics,
    )


@pytest.mark.parametrize("query", ["WEB", "everybody", "hydrology", "time-ser"])
def test_a_project_is_found_by_what_is_known_of_it(
    visitor: Visitor, alice: Account, website: ProjectAccess, query: str
) -> None:
    with_topics(alice, website, "Hydrology, time-series hydrology")
    page = visitor.get(f"/explore?q={query}").text
    assert found(page) == ["/alice/website"]
    assert re.findall(r'href="/explore\?q=([^"]+)"', page) == ["hydrology", "time-series"]


@on_one_deployment
def test_a_private_project_is_found_by_its_people_only(
    visitor: Visitor, signed_in: SignIn, alice: Account, charlie: Account, secret: ProjectAccess
) -> None:
    with_topics(alice, secret, "hidden")
    assert found(signed_in(alice).get("/explore?q=hidden").text) == ["/alice/secret"]
    assert found(signed_in(charlie).get("/explore?q=hidden").text) == []
    assert found(visitor.get("/explore?q=secret").text) == []


@on_one_deployment
@pytest.mark.parametrize("query", ["%25", "_", "\\", "'", "x" * 5000, "%F0%9F%A6%8A"])
def test_a_search_takes_every_sign_as_it_is(visitor: Visitor, website: ProjectAccess, query: str) -> None:
    answer = visitor.get(f"/explore?q={query}")
    assert answer.status_code == 200
    assert found(answer.text) == (["/alice/website"] if query == "%00" else [])


@on_one_deployment
@pytest.mark.parametrize("topics", ["a_b", "-a", "ä", "x" * 36, " ".join(f"t{number}" for number in range(21))])
def test_a_bad_topic_is_refused_beside_its_field(
    signed_in: SignIn, alice: Account, website: ProjectAccess, topics: str
) -> None:
    fields = {"name": "website", "description": "", "visibility": "public", "topics": topics}
    answer = signed_in(alice).submit("/alice/website/settings", **fields)
    assert (answer.status_code, 'id="topics-error"' in answer.text) == (400, True)


@on_one_deployment
def test_an_owner_changes_the_topics(signed_in: SignIn, alice: Account, website: ProjectAccess) -> None:
    fields = {"name": "website", "description": "", "visibility": "public", "topics": "One, two"}
    visitor = signed_in(alice)
    assert visitor.submit("/alice/website/settings", **fields).status_code == 302
    assert 'value="one two"' in visitor.get("/alice/website/settings").text
