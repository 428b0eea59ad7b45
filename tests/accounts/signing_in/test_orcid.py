"""An ORCID iD on the profile and in citations."""

from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.identities.operations import list_identities
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.transfers import transfer_project
from tests.accounts.signing_in.conftest import Provided
from tests.accounts.signing_in.steps import SECURITY
from tests.accounts.signing_in.test_providers import link
from tests.cast import SignIn, Visitor
from tests.uploads.conftest import store_files


def test_an_orcid_id_is_shown_until_it_is_hidden(
    provided: Provided, alice: Account, website: ProjectAccess, signed_in: SignIn, app: Flask
) -> None:
    store_files(website, alice, {"a.txt": b"1"})
    browser, stranger = signed_in(alice), Visitor(app)
    link(provided, browser, "orcid", sub="0000-0002-1825-0097")
    [mine] = list_identities(alice.id)
    shown = f'href="{provided.url}/0000-0002-1825-0097"'
    pages = ("/alice", "/alice/website/cite/main")
    assert all(shown in stranger.get(page).text for page in pages)
    assert "author+an:orcid = {1=&#34;0000-0002-1825-0097&#34;}" in stranger.get(pages[1]).text
    transfer_project(alice, website, to=create_group(alice, name="lab").name)
    assert shown in stranger.get("/lab/website/cite/main").text, "the author's, whoever owns the project"
    assert browser.submit(SECURITY, to=f"{SECURITY}/identities/{mine.id}/show", shown="").location == SECURITY
    assert not any("0000-0002" in stranger.get(page).text for page in pages)
