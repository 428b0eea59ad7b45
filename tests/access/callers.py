"""Who asks: what each of them sends with a page, with git and Git LFS, and with the API."""

import base64
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from tests.cast import SAME_REQUEST, Visitor, csrf_token

PROGRAMS = ("api.", "tus.")
GIT = ("git.", "lfs.")


@dataclass(frozen=True)
class Caller:
    """The cookies of a browser, the token of a program and the password of git, each empty where there is none.

    `everywhere` is an Authorization that goes to every address, whether it is taken there or not.
    """

    cookies: str = ""
    form_token: str = ""
    token: str = ""
    git_password: str = ""
    everywhere: str = ""

    def ask(self, app: Flask, endpoint: str, method: str, address: str, given: dict[str, Any]) -> TestResponse:
        """One request; nothing of its answer is kept for the next."""
        headers = {**SAME_REQUEST, **given.pop("headers", {}), **self._credentials(endpoint)}
        if not endpoint.startswith(PROGRAMS + GIT) and method == "POST" and "json" not in given:
            given["data"] = {"csrf_token": self.form_token, **given.get("data", {})}
        client = app.test_client(use_cookies=False)
        return client.open(address, method=method, headers=headers, **given)

    def _credentials(self, endpoint: str) -> dict[str, str]:
        sent = {"X-CSRFToken": self.form_token, "Cookie": self.cookies, "Authorization": self._authorization(endpoint)}
        return {name: value for name, value in sent.items() if value}

    def _authorization(self, endpoint: str) -> str:
        if self.everywhere:
            return self.everywhere
        if endpoint.startswith(GIT):
            return basic("anybody", self.git_password) if self.git_password else ""
        return f"Bearer {self.token}" if self.token else ""


def basic(name: str, password: str) -> str:
    """The header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def person(app: Flask, account: Account) -> Caller:
    """Somebody with a browser that is signed in, and a token for everything."""
    visitor = Visitor(app)
    assert visitor.log_in(account).status_code == 302
    token = create_token(account.id, "everything", ["admin"])
    return browser(visitor, "/new", token=token, git_password=token)


def browser(visitor: Visitor, form: str = "/login", *, token: str = "", git_password: str = "") -> Caller:
    """Whoever has this browser; `form` is a page with a form that it may see."""
    form_token = csrf_token(visitor.get(form).text)
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in (visitor.client._cookies or {}).values())
    return Caller(cookies, form_token, token, git_password)


def program(app: Flask, account: Account, *scopes: str, repository_id: str | None = None) -> Caller:
    """A program with a token, which it also tries on pages; nobody is signed in in its browser."""
    token = create_token(account.id, "program", list(scopes), repository_id=repository_id)
    plain = browser(Visitor(app))
    return Caller(plain.cookies, plain.form_token, token, token)
