"""`Account`: a person as the rest of the product sees them, without anything secret."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.models import User
from framework.errors import Forbidden, NotFound

GROUP = "group"
"""The `kind` of a row of `User` that is a group of people."""
CRUD = " .,:;<>\"\\'"
"""What Git strips from both ends of a name (strbuf_addstr_without_crud in its ident.c)."""


_LIKE_AN_ADDRESS = re.compile(r"[/@:\\]|\w\.\w\w")


class AccountSuspended(Forbidden):
    """An operator has suspended the account: it can do nothing until it is resumed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The account {name} is suspended. Write to the people who run {config.current().base_url} to find out why."
        )


class Person(NamedTuple):
    """What `Account.of` reads of a row of `User`."""

    id: int
    name: str
    full_name: str
    email: str
    admin: bool
    email_verified_at: datetime | None
    session_key: str
    suspended_at: datetime | None
    kind: str
    picture: str | None


PERSON_COLUMNS = tuple(getattr(User, name) for name in Person._fields)
"""What a statement selects for a `Person`."""


@dataclass(frozen=True)
class Account:
    """A person with an account; `confined_to` is the one repository that a token lets them act in, None for all.

    `email` is what the person's versions carry; it is theirs beyond doubt where `email_confirmed`.
    `picture` is the digest in the address of the person's picture, None without one.
    `session_key` tells whether the credentials are still those that were shown; by itself it lets nobody in.
    """

    id: int
    name: str
    full_name: str
    email: str
    admin: bool = False
    confined_to: str | None = None
    email_confirmed: bool = False
    picture: str | None = None
    session_key: str = field(default="", repr=False, compare=False)

    @classmethod
    def of(cls, user: User | Person) -> "Account":
        """The frozen copy of a row: every way to act for a person leads through here.

        Raises:
            AccountSuspended.
            AccountNotFound: it is a group, for which nobody acts.
        """
        if user.kind == GROUP:
            raise AccountNotFound(f"{user.name} is a group. Only its people can act here.")
        if user.suspended_at is not None:
            raise AccountSuspended(user.name)
        return cls(
            id=user.id,
            name=user.name,
            full_name=user.full_name,
            email=user.email,
            admin=user.admin,
            email_confirmed=user.email_verified_at is not None,
            picture=user.picture,
            session_key=user.session_key,
        )

    def confine(self, repository_id: str | None) -> "Account":
        """The same person acting by a token for one repository, who administers nothing; None leaves all as it is."""
        return replace(self, admin=False, confined_to=repository_id) if repository_id else self

    @property
    def takes_part(self) -> bool:
        """Whether the roles count that others gave: not before an address is confirmed, where mail can confirm it."""
        return self.email_confirmed or config.current().mail_folder is not None

    @property
    def called(self) -> str:
        """What others are told that the person is called, as `name_person` says."""
        return name_person(self.name, self.full_name)

    @property
    def author(self) -> str:
        """`Full Name <email>` for Git, without what Git forbids; the user name stands in for a missing full name."""
        return git_author(self.full_name, self.email, instead=self.name)


class AccountNotFound(NotFound):
    """Nobody has this name, or the account was deleted meanwhile."""


class NotAdministrator(Forbidden):
    """Who asks for this administers the server no longer."""

    def __init__(self) -> None:
        super().__init__("This needs an administrator, and you are none any more.")


class SignInRequired(Forbidden):
    """Nobody is signed in, and this needs somebody; pages lead to the login page, programs get a 401."""

    status = 401
    own_page = True


def name_person(name: str, full_name: str | None) -> str:
    """`Ann Lee (ann)` in mails and other texts; the user name alone for who gave no name, or one like an address.

    Mail programs make links of addresses, and anyone can have any name.
    """
    return name if not full_name or _LIKE_AN_ADDRESS.search(full_name) else f"{full_name} ({name})"


def git_author(name: str, email: str, *, instead: str) -> str:
    """`Name <email>` for Git, without what Git forbids; `instead` stands in for a name of which nothing is left."""
    return f"{_for_git(name) or instead} <{_for_git(email)}>"


def _for_git(text: str) -> str:
    kept = "".join(character for character in text if character not in "<>" and ord(character) >= 32)
    return kept.strip(CRUD)


def read_account(session: Session, account_id: int) -> Account:
    """The account of this number as it is now, for whoever acts for it later than it was asked for.

    Raises:
        AccountNotFound: it was deleted meanwhile.
        AccountSuspended.
    """
    row = session.execute(_PERSON, {"id": account_id}).one_or_none()
    if row is None:
        raise AccountNotFound("The account was deleted.")
    return Account.of(Person(*row))


_PERSON = select(*PERSON_COLUMNS).where(User.id == bindparam("id"))


def recheck_administrator(session: Session, by: Account | None) -> None:
    """Let somebody pass who still is an administrator in the change's transaction; None is the command line.

    Raises:
        NotAdministrator, AccountNotFound, AccountSuspended.
    """
    if by is not None and not read_account(session, by.id).admin:
        raise NotAdministrator
