"""The page of a project without files."""

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.cast import SignIn, Visitor


def test_it_shows_its_owner_what_to_type(signed_in: SignIn, alice: Account, website: ProjectAccess) -> None:
    page = signed_in(alice).get(website.path).text
    assert "git remote add origin http://localhost/alice/website.git" in page
    assert "git push -u origin main" in page


def test_it_shows_visitors_no_commands(visitor: Visitor, website: ProjectAccess) -> None:
    assert "git push" not in visitor.get(website.path).text
