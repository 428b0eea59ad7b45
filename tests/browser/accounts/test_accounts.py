"""Signing up, in and out, as people do it."""

from framework.accounts.core.account import Account
from tests.browser import pages
from tests.browser.conftest import Site, in_chromium
from tests.browser.window import Window
from tests.cast import link_in_mail
from tests.servers.run import Run


def test_a_person_signs_up_and_comes_back_by_name_and_by_email(window: Window, run: Run) -> None:
    name = f"dora-{run.number('person')}"
    email = f"{name}@example.org"
    pages.sign_up(window, name=name, email=email, password="a long summer night")
    window.reads(f"Welcome, {name}.")
    window.open(link_in_mail("verify"))
    window.reads(f"{email} is confirmed.")
    for login in (name, email):
        pages.sign_out(window, name)
        window.reads("You are signed out.")
        pages.enter_password(window, login=login, password="a long summer night")
        window.reads("Your first project")


@in_chromium
def test_a_wrong_password_is_told_and_the_name_stays(window: Window, alice: Account) -> None:
    pages.enter_password(window, login=alice.name, password="not that one")
    assert window.path == "/login"
    assert "The name or the password is wrong." in window.element("[role=alert], .field-error").text
    assert window.field("User name or e-mail").get_property("value") == alice.name
    assert window.field("Password").get_property("value") == ""
    window.fill("Password", "correct horse battery")
    window.press("Sign in")
    window.arrives("/")


def test_a_page_for_members_comes_after_signing_in(window: Window, here: Site, alice: Account) -> None:
    window.open("/settings/tokens")
    window.arrives("/login")
    window.fill("User name or e-mail", alice.name)
    window.fill("Password", "correct horse battery")
    window.press("Sign in")
    window.arrives("/settings/tokens")


def test_who_has_signed_out_sees_nothing_private(window: Window, alice: Account, secret: object) -> None:
    pages.sign_in(window, alice)
    window.open(f"/{alice.name}/secret")
    window.reads("Add the first files")
    pages.sign_out(window, alice.name)
    window.open(f"/{alice.name}/secret")
    window.reads("There is no such project")
