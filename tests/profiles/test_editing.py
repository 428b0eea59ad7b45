"""What people and owners of groups say in their profiles."""

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.audit.models import AuditEntry
from framework.database.session import read_transaction
from framework.groups import operations, people
from framework.groups.access import OwnersOnly
from framework.profiles.editing import (
    LONGEST_ABOUT,
    InvalidAbout,
    InvalidLinks,
    ProfileText,
    check_links,
    read_profile_text,
    save_profile_text,
)
from tests.cast import SignIn, on_each_deployment


@on_each_deployment
def test_what_is_not_given_stays(alice: Account) -> None:
    assert read_profile_text(alice.id) == ProfileText()
    save_profile_text(alice, None, about=" Botanist\r\nin *Kew* ", links=["example.org", "https://kew.example"])
    save_profile_text(alice, None, about="Zoologist")
    assert read_profile_text(alice.id) == ProfileText("Zoologist", ("https://example.org", "https://kew.example"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["example.org/a?b=1#c", "  "], ("https://example.org/a?b=1#c",)),
        (["HTTPS://Example.org", "https://Example.org"], ("https://Example.org",)),
        (["https://bücher.example/ä"], ("https://bücher.example/ä",)),
    ],
)
def test_links_are_taken_as_people_write_them(given: list[str], kept: tuple[str, ...]) -> None:
    assert check_links(given) == kept


@pytest.mark.parametrize(
    "link",
    [
        "http://example.org",
        "javascript://example.org/%0aalert(1)",
        "https://bank.example@evil.example",
        "https://localhost",
        "https://example.org:8080",
        "https://example.org/a b",
        'https://example.org/"onload="x',
        "https://[::1",
        "https://example.org/\u0085x",
        f"https://example.org/{'a' * 200}",
    ],
)
def test_other_addresses_are_refused(link: str) -> None:
    with pytest.raises(InvalidLinks):
        check_links([link])


def test_too_much_is_refused_and_given_back(alice: Account, signed_in: SignIn) -> None:
    with pytest.raises(InvalidAbout):
        save_profile_text(alice, None, about="a" * (LONGEST_ABOUT + 1))
    answer = signed_in(alice).submit("/settings/profile", about="Mine", links="\n".join("abcdef"))
    assert (answer.status_code, "A profile has at most 5 links." in answer.text) == (400, True)
    assert "Mine</textarea>" in answer.text
    assert read_profile_text(alice.id) == ProfileText()


def test_a_group_is_described_by_its_owners_and_the_log_tells_who_is_shown(
    alice: Account, bob: Account, signed_in: SignIn
) -> None:
    lab = operations.create_group(alice, name="lab")
    people.add_person(alice, lab, person="bob", role="member")
    with pytest.raises(OwnersOnly):
        save_profile_text(bob, lab, about="Ours")
    page = signed_in(alice).submit("/lab/settings/profile", about="We dig.", links="", people="everyone")
    assert page.status_code == 302
    assert read_profile_text(lab.id) == ProfileText("We dig.", (), people_public=True)
    with read_transaction() as session:
        newest = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert newest
    assert (newest.kind, newest.details) == ("group_changed", {"people": "shown to everyone"})
