"""Access tokens for programs: a mark, 40 random characters and a checksum; shown once, kept as SHA-256.

The mark and the checksum let whoever comes across a token know it for one of ours, without asking anybody. Tokens of
earlier releases, which have neither, go on working.
"""

import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from sqlalchemy import bindparam, delete, select

from framework.accounts.core import emails
from framework.accounts.core.account import PERSON_COLUMNS, Account, Person
from framework.accounts.core.credentials import USE_NOTED_EVERY, digest, lock_unchanged_user
from framework.accounts.core.validation import printable
from framework.accounts.models import Token, User
from framework.audit import log as audit
from framework.database.prepared import PreparedSelect
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Forbidden, Invalid, NotFound

PREFIX = "holdfast_"
EARLIER_PREFIX = "hf_"
"""That of earlier releases; others use it, too."""
NAME_LENGTH = 100
SCOPES = ("read", "write", "admin")
"""Each includes those before it."""
DIGITS = string.digits + string.ascii_letters
RANDOM_LENGTH, CHECKSUM_LENGTH = 40, 6
LONGEST = len(PREFIX) + RANDOM_LENGTH + CHECKSUM_LENGTH
PATTERN = re.compile(rb"(?<![A-Za-z0-9_])(?:holdfast_[A-Za-z0-9]{46}|hf_[A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")
"""What looks like a token in a text."""


class InvalidTokenName(Invalid):
    """A token's name is missing, too long or not visible."""

    field = "name"


class InvalidScopes(Invalid):
    """A token's scopes are none of those there are."""

    field = "scopes"


class TokenNotFound(NotFound):
    """The account has no such token."""


class TokenOnlyReads(Forbidden):
    """The token may read and not write."""

    def __init__(self) -> None:
        super().__init__("This token may only read. Make one that may write in your settings, under Access tokens.")


class TokenNoAdmin(Forbidden):
    """The token may change files, and not what the project is or who takes part."""

    def __init__(self) -> None:
        super().__init__(
            "This token may not change settings, people or visibility, nor delete the project. Make one with the scope"
            " admin in your settings, under Access tokens."
        )


@dataclass(frozen=True)
class Caller:
    """Who a program acts for, and what it may do."""

    account: Account
    scopes: frozenset[str]

    def refuse_unless_writing(self) -> None:
        """Let a caller pass who may write.

        Raises:
            TokenOnlyReads.
        """
        if "write" not in self.scopes:
            raise TokenOnlyReads

    def refuse_unless_admin(self) -> None:
        """Let a caller pass who may change what a project is, and who takes part.

        Raises:
            TokenOnlyReads, TokenNoAdmin.
        """
        self.refuse_unless_writing()
        if "admin" not in self.scopes:
            raise TokenNoAdmin


@dataclass(frozen=True)
class TokenAbout:
    """What can be shown of a token after it was made."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    repository_id: str | None


def token_name(text: str) -> str:
    """A token's name of 1 to 100 visible characters.

    Raises:
        InvalidTokenName: it is not.
    """
    if not text.strip() or len(text) > NAME_LENGTH or not printable(text):
        raise InvalidTokenName(f"Give the token a name of 1 to {NAME_LENGTH} characters that tells where it is used.")
    return text.strip()


def create_token(
    account_id: int,
    name: str,
    scopes: list[str],
    *,
    days: int | None = None,
    repository_id: str | None = None,
    shown: Account | None = None,
) -> str:
    """A new token's text, which nobody can see again; it ends after `days`, or never, and is for one repository or all.

    The account is told by mail. `shown` is the account as its credentials were checked, where somebody has shown some.

    Raises:
        InvalidTokenName, InvalidScopes: what is asked for breaks the rules.
        SignInRequired: the credentials were changed since.
    """
    name = token_name(name)
    if not scopes or not set(scopes) <= set(SCOPES):
        raise InvalidScopes("The scope of a token is read, write or admin; each includes those before it.")
    text = new_text()
    kept = " ".join(include_implied(scopes))
    ends = now() + timedelta(days=days) if days else None
    with transaction() as session:
        user = lock_unchanged_user(session, shown) if shown else session.get_one(User, account_id)
        token = Token(user_id=account_id, name=name, digest=digest(text), scopes=kept, expires_at=ends)
        token.repository_id = repository_id
        session.add(token)
        emails.mail_new_token(session, user, token)
        audit.record(session, "token_created", actor=user, person=user, name=name, scopes=kept)
    return text


def include_implied(scopes: list[str]) -> tuple[str, ...]:
    """The scopes with those that they include."""
    return SCOPES[: max(SCOPES.index(scope) for scope in scopes) + 1]


def new_text() -> str:
    """A token that nobody has."""
    drawn = "".join(secrets.choice(DIGITS) for _ in range(RANDOM_LENGTH))
    return f"{PREFIX}{drawn}{_checksum(drawn)}"


def is_well_formed(text: str) -> bool:
    """Whether a text can be a token of ours; whose checksum is wrong was never one."""
    drawn = text.removeprefix(PREFIX)[:RANDOM_LENGTH]
    return text.startswith(EARLIER_PREFIX) or text == f"{PREFIX}{drawn}{_checksum(drawn)}"


def _checksum(drawn: str) -> str:
    """The CRC-32 in base 62, as GitHub's tokens have it."""
    number, digits = crc32(drawn.encode(errors="replace")), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


def revoke_token(account_id: int, token_id: int) -> None:
    """End a token of this account.

    Raises:
        TokenNotFound: it has none of this number.
    """
    with transaction() as session:
        deleted = session.scalars(
            delete(Token).where(Token.id == token_id, Token.user_id == account_id).returning(Token.name)
        ).all()
        for name in deleted:
            user = session.get_one(User, account_id)
            audit.record(session, "token_deleted", actor=user, person=user, name=name)
    if not deleted:
        raise TokenNotFound("There is no such token; it may have been deleted already.")


def tokens_of(account_id: int) -> list[TokenAbout]:
    """The account's tokens, newest first."""
    with read_transaction() as session:
        rows = session.scalars(select(Token).where(Token.user_id == account_id).order_by(Token.id.desc())).all()
    return [_about(row) for row in rows]


def caller_of_token(text: str) -> Caller | None:
    """Who this token acts for; None when it is unknown or has ended. Its use is noted once an hour.

    Raises:
        AccountSuspended.
    """
    if not is_well_formed(text):
        return None
    row = _LIVE.read_row({"digest": digest(text)})
    if row is None:
        return None
    token_id, repository_id, scopes, expires_at, last_used_at, *person = row
    if expires_at is not None and expires_at <= now():
        return None
    account = Account.of(Person(*person))
    if last_used_at is None or last_used_at + USE_NOTED_EVERY < now():
        _note_use(token_id)
    return Caller(account.confine(repository_id), frozenset(scopes.split()))


_LIVE = PreparedSelect(
    select(Token.id, Token.repository_id, Token.scopes, Token.expires_at, Token.last_used_at, *PERSON_COLUMNS)
    .join(User, User.id == Token.user_id)
    .where(Token.digest == bindparam("digest"))
)


def _about(row: Token) -> TokenAbout:
    return TokenAbout(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        repository_id=row.repository_id,
    )


def _note_use(token_id: int) -> None:
    with transaction() as session:
        token = session.get(Token, token_id)
        if token is not None:
            token.last_used_at = now()
