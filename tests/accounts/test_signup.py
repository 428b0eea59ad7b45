"""Signing up: who gets in, and what is told to who does not."""

import subprocess
import sys
from typing import Any

import email_validator
import pytest

from framework.accounts.core import validation
from framework.accounts.core.account import Account
from framework.accounts.core.addresses import EmailTaken
from framework.accounts.core.validation import InvalidEmail, InvalidName, InvalidPassword
from framework.accounts.lifecycle.operations import NameTaken, create_user
from framework.accounts.models import User
from framework.database.session import read_transaction
from tests.cast import PASSWORD, SignIn, Visitor
from tests.servers.run import ROOT

GOOD = {"username": "anna", "email": "anna@example.org", "password": PASSWORD}


def test_it_signs_up_and_is_signed_in(visitor: Visitor) -> None:
    answer = visitor.submit("/signup", **GOOD)
    assert answer.status_code == 302
    assert answer.location == "/"
    assert "Welcome, anna" in visitor.get("/").text


def test_it_goes_back_to_where_the_person_came_from(visitor: Visitor) -> None:
    assert visitor.submit("/signup?next=/explore", **GOOD, next="/explore").location == "/explore"


@pytest.mark.parametrize(
    "name",
    [
        "login",
        "API",
        "static",
        "Settings",
        "explore",
        "new",
        "admin",
        "../x",
        "a/b",
        "a\\b",
        ".git",
        ".",
        "-anna",
        "anna-",
        "an--na",
        "an na",
        "an_na",
        "anna.b",
        "x" * 40,
        "x" * 300,
        "anna\x00",
        "日本語",
        "\U0001f41b",
        "Ⅷ",
        "<b>",
    ],
)
def test_it_refuses_a_bad_name_and_keeps_the_rest(visitor: Visitor, name: str) -> None:
    answer = visitor.submit("/signup", **(GOOD | {"username": name}))
    assert answer.status_code == 400
    assert 'id="username-error"' in answer.text
    assert 'value="anna@example.org"' in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("name", ["a", "7", "A-b-3", "x" * 39])
def test_it_takes_a_good_name(visitor: Visitor, name: str) -> None:
    assert visitor.submit("/signup", **(GOOD | {"username": name})).status_code == 302


@pytest.mark.parametrize(
    "email",
    ["anna", "anna@", "@example.org", "a b@example.org", "anna@example.org\x00", "a" * 300 + "@example.org", "ä@"],
)
def test_it_refuses_a_bad_address(visitor: Visitor, email: str) -> None:
    answer = visitor.submit("/signup", **(GOOD | {"email": email}))
    assert answer.status_code == 400
    assert 'id="email-error"' in answer.text
    assert 'value="anna"' in answer.text


@pytest.mark.parametrize("email", ["anna@localhost", "anna@nas.local", "anna+x@example.test", "anna@bücher.example"])
def test_it_takes_addresses_of_local_networks(visitor: Visitor, email: str) -> None:
    assert visitor.submit("/signup", **(GOOD | {"email": email})).status_code == 302


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anna@NAS.Local", "Anna@nas.local"),
        ("anna@LOCALHOST", "anna@localhost"),
        ("anna@bücher.local", "anna@xn--bcher-kva.local"),
        ("anna@example.test", "anna@example.test"),
    ],
)
def test_an_address_of_a_local_network_is_kept_as_others_are(typed: str, kept: str) -> None:
    assert validation.email(typed) == kept


@pytest.mark.parametrize("text", ["anna@.local", "@localhost", "anna@nas.invalid", "anna@-.local", "a@x.onion"])
def test_other_names_of_special_use_are_no_addresses(text: str) -> None:
    with pytest.raises(InvalidEmail):
        validation.email(text)


def test_the_library_of_addresses_is_left_as_it_is() -> None:
    assert {"local", "localhost"} <= set(email_validator.SPECIAL_USE_DOMAIN_NAMES)


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_it_refuses_a_bad_password(visitor: Visitor, password: str) -> None:
    answer = visitor.submit("/signup", **(GOOD | {"password": password}))
    assert answer.status_code == 400
    assert 'id="password-error"' in answer.text
    assert password not in answer.text


def test_it_refuses_a_name_that_somebody_has(visitor: Visitor, alice: Account) -> None:
    answer = visitor.submit("/signup", **(GOOD | {"username": "ALICE"}))
    assert answer.status_code == 409
    assert 'id="username-error"' in answer.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "log in"}, InvalidName),
        ({"name": "Bob"}, NameTaken),
        ({"email": "bob@EXAMPLE.org", "confirmed": True}, EmailTaken),
        ({"email": "nobody"}, InvalidEmail),
        ({"password": "\ud800 lone surrogate"}, InvalidPassword),
    ],
)
def test_it_refuses_the_same_without_a_form(bob: Account, change: dict[str, Any], error: type[Exception]) -> None:
    asked: dict[str, Any] = {"name": "dora", "email": "dora@example.org", "password": PASSWORD}
    with pytest.raises(error):
        create_user(**(asked | change))


def test_it_keeps_no_password(alice: Account) -> None:
    with read_transaction() as session:
        kept = session.get_one(User, alice.id).password_hash
    assert kept is not None
    assert kept.startswith("$argon2id$")


def test_a_guess_costs_what_owasp_advises() -> None:
    code = "from framework.accounts.core import passwords; print(passwords.hash_password('correct horse battery'))"
    kept = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_it_shows_the_way_to_who_is_signed_in(alice: Account, signed_in: SignIn) -> None:
    assert signed_in(alice).get("/signup").location == "/"


@pytest.mark.parametrize(
    ("full_name", "email", "author"),
    [
        ("Alice Liddell", "a@example.org", "Alice Liddell <a@example.org>"),
        ("", "a@example.org", "alice <a@example.org>"),
        ("<Alice>\n", "a@example.org", "Alice <a@example.org>"),
        (" .,:;<>\"\\' ", "a@example.org", "alice <a@example.org>"),
        ("Dr. A. Liddell, Jr.", "a@example.org", "Dr. A. Liddell, Jr <a@example.org>"),
        ("艾丽丝", "a@example.org", "艾丽丝 <a@example.org>"),
    ],
)
def test_it_gives_git_an_author_that_git_takes(full_name: str, email: str, author: str) -> None:
    assert Account(id=1, name="alice", full_name=full_name, email=email).author == author


@pytest.mark.parametrize(
    ("full_name", "called"),
    [
        ("Ann Lee", "Ann Lee (ann)"),
        ("J.R.R. Tolkien", "J.R.R. Tolkien (ann)"),
        ("", "ann"),
        ("Win at evil.example", "ann"),
        ("https://x", "ann"),
        ("ann@bank", "ann"),
    ],
)
def test_mails_call_people_by_both_names_unless_one_would_become_a_link(full_name: str, called: str) -> None:
    assert Account(id=1, name="ann", full_name=full_name, email="").called == called
