"""What the tests of e-mail addresses do and look at."""

from flask import Flask
from werkzeug.datastructures import Authorization

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.accounts.signin.http_auth import account_from_bearer
from framework.database.session import read_transaction
from tests.cast import PASSWORD, Visitor, posted_texts

NEW = "another good password"


def row_of(account: Account) -> User:
    """The account as it is now."""
    with read_transaction() as session:
        return session.get_one(User, account.id)


def mails() -> list[str]:
    """The mails that wait in the outbox."""
    return [text for text in posted_texts() if "send_email" in text]


def may_read(app: Flask, token: str) -> bool:
    """Whether a token lets somebody in."""
    with app.test_request_context():
        return account_from_bearer(Authorization("bearer", token=token)) is not None


def change_address(browser: Visitor, email: str) -> None:
    """Ask for another address."""
    fields = {"username": "alice", "full_name": "", "email": email, "current_password": PASSWORD}
    assert browser.submit("/settings", **fields).status_code == 302
