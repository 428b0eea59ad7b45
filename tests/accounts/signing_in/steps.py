"""What a person with a second factor does with the pages."""

import json
import re
from base64 import b32decode
from dataclasses import dataclass
from html import unescape
from typing import Any

from framework import config
from framework.accounts.factors import totp
from tests.accounts.signing_in.authenticator import Authenticator
from tests.cast import PASSWORD, Visitor, csrf_token

SECURITY = "/settings/security"


@dataclass
class App:
    """An authenticator app with one secret; the clock of the test says which code it shows."""

    secret: bytes

    def code(self, moment: float) -> str:
        """The six digits at this moment (seconds since 1970)."""
        return totp.code_at(self.secret, int(moment) // totp.STEP_SECONDS).decode()


def confirm(visitor: Visitor) -> None:
    """Give the password again, which holds for ten minutes."""
    page = visitor.get(f"{SECURITY}/app").text
    given = {"csrf_token": csrf_token(page), "current_password": PASSWORD}
    assert visitor.client.post(f"{SECURITY}/app", data=given).status_code == 200


def set_up_app(visitor: Visitor, moment: float) -> tuple[App, list[str]]:
    """Set up an app as the page says; the app, and the recovery codes that came with it."""
    confirm(visitor)
    page = visitor.get(f"{SECURITY}/app").text
    app = App(b32decode(read_secret(page)))
    answer = visitor.client.post(f"{SECURITY}/app", data=app_form(page) | {"code": app.code(moment)})
    assert answer.status_code in {200, 302}
    return app, read_codes(answer.text)


def app_form(page: str) -> dict[str, str]:
    """The hidden fields of the page that sets up an app."""
    sealed = re.search(r'name="sealed" type="hidden" value="([^"]+)"', page)
    assert sealed
    return {"csrf_token": csrf_token(page), "sealed": sealed[1]}


def read_secret(page: str) -> str:
    """The key that is shown to be typed."""
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    return found[1].replace(" ", "")


def read_codes(page: str) -> list[str]:
    """The recovery codes on a page; none where it shows none."""
    return re.findall(r"\b(?:[0-9a-z]{4}-){3}[0-9a-z]{4}\b", page)


def read_options(page: str) -> dict[str, Any]:
    """What the page asks of an authenticator."""
    found = re.search(r"data-options='([^']+)'", page)
    assert found, page
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options


def new_authenticator(**changes: Any) -> Authenticator:
    """One for this site."""
    return Authenticator(**({"origin": config.current().base_url} | changes))


def add_passkey(visitor: Visitor, authenticator: Authenticator, name: str = "Laptop") -> Any:
    """Add a passkey, as the page's script does; the answer."""
    confirm(visitor)
    page = visitor.get(f"{SECURITY}/passkeys/add").text
    given = {"csrf_token": csrf_token(page), "name": name, "credential": authenticator.create(read_options(page))}
    return visitor.client.post(f"{SECURITY}/passkeys/add", data=given)
