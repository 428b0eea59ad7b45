"""Clones by a view-only link, whose last part is the password."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from framework.accounts.models import Budget
from framework.database.session import read_transaction
from framework.links.listing import list_links
from framework.links.owning import make_view_link, revoke_link
from framework.projects.core.access import ProjectAccess
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House

TheirGit = Callable[..., Person]


@pytest.fixture
def token(house: House, project: ProjectAccess) -> str:
    """The last part of a view-only link to Alice's private project."""
    return make_view_link(house.people["alice"], project, title="", expires_at=None).url.rpartition("/")[2]


def count_guesses() -> int:
    """How many failed attempts to sign in were counted so far, by other tests too."""
    with read_transaction() as session:
        return sum(session.scalars(select(Budget.spent).where(Budget.key.startswith("login"))))


def test_git_clones_with_a_link_as_password_until_it_is_revoked(
    house: House, person: TheirGit, project: ProjectAccess, work: Work, token: str
) -> None:
    guesses = count_guesses()
    stranger = person("anybody", token)
    clone = stranger.clone(project.full_name, "clone")
    assert clone.sha("HEAD") == work.sha("HEAD")
    (link,) = list_links(project)
    assert link.last_used_at
    clone.commit("A change", b__txt="2")
    refused = clone.git("push", "-q", stranger.address(project.full_name), "HEAD:main", check=False)
    assert refused.returncode
    revoke_link(house.people["alice"], project, link.id)
    gone = stranger.git("clone", "-q", stranger.address(project.full_name), "again", check=False)
    assert gone.returncode
    assert count_guesses() == guesses


def test_an_anonymised_link_clones_nothing(house: House, person: TheirGit, project: ProjectAccess, work: Work) -> None:
    made = make_view_link(house.people["alice"], project, title="", expires_at=None, anonymous=True)
    stranger = person("anybody", made.url.rpartition("/")[2])
    assert work.sha("HEAD")
    assert stranger.git("clone", "-q", stranger.address(project.full_name), "clone", check=False).returncode
