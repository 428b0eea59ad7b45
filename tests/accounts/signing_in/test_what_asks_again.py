"""Every form of one's own account: what it changes asks again who it is, or is listed with the reason why not.

The routes are those of the application, so a new form has to be put into one of the two lists.
"""

import re

from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.signin.reauthentication import HOLDS
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.lifecycle.transfers import offer_project
from tests.accounts.test_reauthentication import ADDRESS, TOKEN, let_pass
from tests.cast import SignIn, csrf_token

OWN = ("/settings", "/trash")

ASKS: dict[str, dict[str, str]] = {
    "settings.profile": ADDRESS,
    "security.set_password": {"password": "another long summer"},
    "security.remove_password": {},
    "security.set_up_app": {"sealed": "x", "code": "123456"},
    "security.remove_app": {},
    "security.replace_codes": {},
    "security.add_passkey": {"name": "Laptop", "credential": "{}"},
    "security.remove_passkey": {},
    "providers.unlink": {},
    "tokens.access_tokens": TOKEN,
    "own_data.begin": {},
    "own_data.download": {},
    "own_account.delete": {"confirmation": "alice"},
    "project_transfers.answer": {},
    "projects.delete_for_good": {"confirmation": "secret"},
    "projects.empty_trash": {"confirmation": "1"},
}
"""The forms that ask, with fields that are right."""
DOES_NOT: dict[str, str] = {
    "settings.password": "wants the password itself, whenever it was given last",
    "settings.send_link_again": "sends what was sent before",
    "settings.keep_address": "takes a change back",
    "settings.end_session": "makes an account safer",
    "settings.end_other_sessions": "makes an account safer",
    "tokens.delete_token": "makes an account safer",
    "providers.link": "asks, once the provider is known; `test_providers.py` shows it",
    "providers.show": "shows an ORCID iD on the profile, or hides it",
    "projects.confirm_again": "sends a link to the address that is known",
    "profile_settings.own": "is what everyone may see of a person, and opens nothing",
    "profile_settings.own_picture": "is what everyone may see of a person, and opens nothing",
    "projects.restore": "loses nothing",
    "project_transfers.decline": "loses nothing",
    "inboxes.choose": "is about mail of projects",
    "inboxes.resume": "is about mail of projects",
}


def list_forms(app: Flask) -> dict[str, str]:
    """The address of each form of one's own, by endpoint."""
    return {
        rule.endpoint: rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and rule.rule.startswith(OWN)
    }


def test_every_form_of_ones_own_asks_or_says_why_not(app: Flask) -> None:
    assert set(ASKS) | set(DOES_NOT) == set(list_forms(app))
    assert not set(ASKS) & set(DOES_NOT)


def test_they_ask_ten_minutes_later(
    app: Flask, alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    browser, token = signed_in(alice), ""
    trash_project(alice, secret)
    gift = create_project(bob, name="gift", description="", visibility="private")
    numbers = {"transfer_id": offer_project(bob, gift, to="alice").id, "project_id": secret.id}
    let_pass(HOLDS)
    wrong = []
    for endpoint, fields in ASKS.items():
        address = re.sub(r"<int:(\w+)>", lambda found: str(numbers.get(found[1], 1)), list_forms(app)[endpoint])
        token = token or csrf_token(browser.get("/settings").text)
        answer = browser.client.post(address, data={**fields, "csrf_token": token})
        if (answer.status_code, 'name="current_password"' in answer.text) != (403, True):
            wrong.append(f"{endpoint}: {answer.status_code}")
    assert wrong == []
