"""Signing in with an authenticator app, a recovery code and a passkey, as people do it."""

import re
import time
from base64 import b32decode

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from framework.accounts.core.account import Account
from tests.accounts.signing_in.steps import App, read_codes, read_secret
from tests.browser import pages
from tests.browser.conftest import in_chromium
from tests.browser.window import Window
from tests.cast import PASSWORD

pytestmark = pytest.mark.long


def confirm(window: Window) -> None:
    """Give the password again."""
    window.reads("Is it still you?")
    window.fill("Password", PASSWORD)
    window.press("Continue")


def test_an_app_and_a_recovery_code_sign_in(plain_window: Window, alice: Account) -> None:
    """Without JavaScript."""
    window = plain_window
    pages.sign_in(window, alice)
    window.open("/settings/security")
    window.press("Set up an app")
    confirm(window)
    window.reads("Scan the picture")
    phone = App(b32decode(read_secret(window.driver.page_source)))
    window.fill("Code", phone.code(time.time()))
    window.press("Turn on")
    window.reads("shown only this once")
    codes = read_codes(window.text)
    pages.sign_out(window, alice.name)
    pages.enter_password(window, login=alice.name, password=PASSWORD)
    window.arrives("/login/second")
    window.fill("Code", phone.code(time.time() + 30))
    window.press("Sign in")
    window.arrives("/")
    pages.sign_out(window, alice.name)
    pages.enter_password(window, login=alice.name, password=PASSWORD)
    window.arrives("/login/second")
    window.fill("Code", codes[0])
    window.press("Sign in")
    window.arrives("/")
    window.open("/settings/security")
    assert window.driver.find_element(By.CSS_SELECTOR, "#codes-title .count").text == "9"


@in_chromium
def test_a_passkey_signs_in_alone_and_after_the_password(window: Window, alice: Account) -> None:
    options = VirtualAuthenticatorOptions(
        protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True, is_user_verified=True
    )
    window.driver.add_virtual_authenticator(options)
    try:
        pages.sign_in(window, alice)
        window.open("/settings/security")
        window.press("Add a passkey")
        confirm(window)
        window.fill("Name", "Laptop")
        window.press("Add the passkey")
        window.reads("shown only this once")
        pages.sign_out(window, alice.name)
        window.open("/login?next=/new")
        window.press("Sign in with a passkey")
        window.arrives("/new")
        pages.sign_out(window, alice.name)
        pages.enter_password(window, login=alice.name, password=PASSWORD)
        window.arrives("/login/second")
        window.press("Use your passkey")
        window.arrives("/")
        window.open("/settings/security")
        assert re.search(r"Laptop\s+Added .*, last used", window.text)
    finally:
        window.driver.remove_virtual_authenticator()
