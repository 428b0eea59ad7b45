"""Sessions of browsers: 32 random bytes in a cookie, kept as SHA-256; they end when told to, unused, or with age."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, select, update
from sqlalchemy.orm import Session

from framework.accounts.core.account import PERSON_COLUMNS, Account, Person
from framework.accounts.core.browsers import describe_browser
from framework.accounts.core.credentials import USE_NOTED_EVERY, digest, lock_unchanged_user
from framework.accounts.core.validation import printable
from framework.accounts.core.ways_in.reading import has_second_factor
from framework.accounts.models import BrowserSession, User
from framework.audit import log as audit
from framework.database.prepared import PreparedSelect
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Forbidden, NotFound

LONGEST = timedelta(days=90)
"""However much it is used: whoever has a copy of a cookie that nobody missed does not have it for ever."""
REMEMBERED = timedelta(days=30)
NOT_REMEMBERED = timedelta(days=3)
"""How long a browser that stays open may rest: over a weekend."""


class SessionNotFound(NotFound):
    """The account has no such session."""


class SecondFactorNeeded(Forbidden):
    """The account has a second factor, and somebody has shown the first one only."""

    def __init__(self) -> None:
        super().__init__("This account has a second factor, which was not shown. Sign in again.")


@dataclass(frozen=True)
class Browser:
    """What a browser tells of itself: the client's address, and its `User-Agent`."""

    address: str
    agent: str


@dataclass(frozen=True)
class LiveSession:
    """Who is signed in, and the session that they are signed in with; the secret is what its cookie holds."""

    id: int
    secret: str = field(repr=False)
    account: Account
    remembered: bool
    created_at: datetime
    last_used_at: datetime
    reauthenticated_at: datetime | None


@dataclass(frozen=True)
class SessionAbout:
    """What is shown of a session; the browser in words."""

    id: int
    browser: str
    address: str
    created_at: datetime
    last_used_at: datetime


def begin_session(
    account: Account,
    browser: Browser,
    *,
    remembered: bool,
    second_factor_shown: bool = False,
    earlier: LiveSession | None = None,
) -> LiveSession:
    """A new session of this account, in place of the one that the browser had before.

    Raises:
        SignInRequired: the account's credentials were changed since they were checked.
        SecondFactorNeeded: it has a second factor, which was not shown.
    """
    secret, moment = secrets.token_urlsafe(32), now()
    row = BrowserSession(user_id=account.id, digest=digest(secret), remembered=remembered)
    row.address, row.agent = _shorten(browser.address, 45), _shorten(browser.agent, 300)
    row.created_at = row.last_used_at = moment
    row.expires_at = moment + _lifetime(remembered=remembered)
    with transaction() as session:
        lock_unchanged_user(session, account)
        if not second_factor_shown and has_second_factor(session, account.id):
            raise SecondFactorNeeded
        if earlier:
            session.execute(delete(BrowserSession).where(_is(earlier)))
        session.add(row)
        audit.record(session, "sign_in", actor=account, person=account)
    return _live(row, secret, account)


def live_session(secret: str) -> LiveSession | None:
    """The session of this secret; None when there is none, it has expired, or its person is suspended."""
    found = _BY_SECRET.read_row(live_parameters(secret))
    return describe_live(found, secret) if found else None


def is_live() -> ColumnElement[bool]:
    """Whether a row is the session that `live_parameters` speak of; whether its person is suspended, `User` tells."""
    return and_(
        BrowserSession.digest == bindparam("session_digest"),
        BrowserSession.expires_at > bindparam("session_at"),
        BrowserSession.created_at > bindparam("session_since"),
    )


def live_parameters(secret: str) -> dict[str, Any]:
    """What a statement with `is_live` has to be given."""
    moment = now()
    return {"session_digest": digest(secret), "session_at": moment, "session_since": moment - LONGEST}


def describe_live(row: Sequence[Any], secret: str) -> LiveSession:
    """The session of a row with `LIVE_COLUMNS` as a frozen value.

    Raises:
        AccountSuspended.
    """
    return _live(_Found(*row[:_WIDTH]), secret, Account.of(Person(*row[_WIDTH:])))


def note_use(live: LiveSession) -> bool:
    """Have the session last from now on, at most once an hour; whether this was the time."""
    moment = now()
    if live.last_used_at + USE_NOTED_EVERY > moment:
        return False
    lasts = {"last_used_at": moment, "expires_at": moment + _lifetime(remembered=live.remembered)}
    with transaction() as session:
        session.execute(update(BrowserSession).where(_is(live)).values(**lasts))
    return True


def note_reauthentication(live: LiveSession) -> None:
    """Keep that the password was given again now."""
    with transaction() as session:
        session.execute(update(BrowserSession).where(_is(live)).values(reauthenticated_at=now()))


def list_sessions(live: LiveSession) -> list[SessionAbout]:
    """The account's sessions: this one, then the others, those used last before the rest."""
    mine = select(BrowserSession).where(BrowserSession.user_id == live.account.id, *_lives())
    order = (~_is(live), BrowserSession.last_used_at.desc(), BrowserSession.id.desc())
    with read_transaction() as session:
        return [_about(row) for row in session.scalars(mine.order_by(*order))]


def leave_session(live: LiveSession) -> None:
    """Sign out the browser that asks for it; doing so twice is fine."""
    with transaction() as session:
        session.execute(delete(BrowserSession).where(_is(live)))


def end_session(account_id: int, session_id: int) -> None:
    """Sign a browser of this account out.

    Raises:
        SessionNotFound: it has no session of this number.
    """
    ended = delete(BrowserSession).where(BrowserSession.id == session_id, BrowserSession.user_id == account_id)
    with transaction() as session:
        found = session.scalars(ended.returning(BrowserSession.id)).all()
    if not found:
        raise SessionNotFound("There is no such session; it may have ended already.")


def end_other_sessions(live: LiveSession) -> None:
    """Sign every browser of the account out but the one of this session."""
    others = delete(BrowserSession).where(BrowserSession.user_id == live.account.id, ~_is(live))
    with transaction() as session:
        session.execute(others)


def end_all_sessions(session: Session, user_id: int) -> None:
    """Sign every browser of the account out, in the transaction of the cause."""
    session.execute(delete(BrowserSession).where(BrowserSession.user_id == user_id))


def forget_expired() -> int:
    """Delete the sessions that are too old or were not used for too long; how many."""
    expired = delete(BrowserSession).where(~and_(*_lives()))
    with transaction() as session:
        return len(session.scalars(expired.returning(BrowserSession.id)).all())


def _lives() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a row's session was used lately, and began not too long ago."""
    return BrowserSession.expires_at > now(), BrowserSession.created_at > now() - LONGEST


class _Found(NamedTuple):
    """What is read of a session."""

    id: int
    remembered: bool
    created_at: datetime
    last_used_at: datetime
    reauthenticated_at: datetime | None


_WIDTH = len(_Found._fields)
LIVE_COLUMNS = (*(getattr(BrowserSession, name) for name in _Found._fields), *PERSON_COLUMNS)
"""What a statement selects of a session and its person for `describe_live`."""

_BY_SECRET = PreparedSelect(
    select(*LIVE_COLUMNS).join(User, User.id == BrowserSession.user_id).where(is_live(), User.suspended_at.is_(None))
)


def _live(row: BrowserSession | _Found, secret: str, account: Account) -> LiveSession:
    return LiveSession(
        id=row.id,
        secret=secret,
        account=account,
        remembered=row.remembered,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        reauthenticated_at=row.reauthenticated_at,
    )


def _is(live: LiveSession) -> ColumnElement[bool]:
    """Whether a row is this session; SQLite gives the number of a row that is gone to another one."""
    return BrowserSession.digest == digest(live.secret)


def _about(row: BrowserSession) -> SessionAbout:
    return SessionAbout(
        id=row.id,
        browser=describe_browser(row.agent),
        address=row.address,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )


def _lifetime(*, remembered: bool) -> timedelta:
    return REMEMBERED if remembered else NOT_REMEMBERED


def _shorten(told: str, length: int) -> str:
    """As much of a header as a row takes, without what cannot be shown."""
    return "".join(character for character in told if printable(character))[:length]
