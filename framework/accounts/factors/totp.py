"""Codes of an authenticator app (TOTP, RFC 6238): six digits of HMAC-SHA-1, another one every 30 seconds.

A code is taken up to 30 seconds early or late, and once: of each account the last step that was used is kept.
"""

import hmac
import secrets
import time
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import budgets, emails
from framework.accounts.core.account import Account
from framework.accounts.core.credentials import lock_unchanged_user
from framework.accounts.core.ways_in.removal import remove_idle_codes
from framework.accounts.core.ways_in.sealing import Unreadable, current_key_name, seal, unseal
from framework.accounts.factors.recovery import store_first_codes
from framework.accounts.models import AuthenticatorApp, User
from framework.audit import log as audit
from framework.database.session import transaction
from framework.errors import Conflict, Invalid

DIGITS, STEP_SECONDS = 6, 30
SECRET_BYTES = 20
"""As many as HMAC-SHA-1 has (RFC 4226, section 4)."""
SET_UP_WITHIN = timedelta(hours=1)
WRONG = "This code is wrong or was used already. Enter the newest code that your app shows."


class WrongCode(Invalid):
    """A code is wrong, too old, or was used before."""

    field = "code"


class SetUpExpired(Invalid):
    """The page with the QR code is too old, or another account's."""

    def __init__(self) -> None:
        super().__init__("This page is too old. Load it again and scan the new QR code.")


class AppExists(Conflict):
    """The account has an authenticator app already."""

    def __init__(self) -> None:
        super().__init__("Your account has an authenticator app already. Remove it first to set up another one.")


@dataclass(frozen=True)
class SetUp:
    """A secret that waits for its first code: as a text, as an address for a QR code, and sealed for the form."""

    text: str
    address: str
    sealed: str


def begin_set_up(account: Account) -> SetUp:
    """A new secret for this account, which nothing keeps yet."""
    return _describe(account, secrets.token_bytes(SECRET_BYTES))


def go_on(account: Account, sealed: str) -> SetUp:
    """The same secret again, for a page on which a wrong code was typed.

    Raises:
        SetUpExpired.
    """
    return _describe(account, _open(account, sealed))


def turn_on(account: Account, sealed: str, code: str) -> list[str]:
    """Ask for this app's codes from now on; new recovery codes, if these are the account's first.

    Raises:
        WrongCode: the app shows another code.
        SetUpExpired, AppExists, BudgetSpent.
    """
    secret = _open(account, sealed)
    budgets.spend_now(f"factor:{account.id}")
    step = find_step(secret, code, after=0, at=time.time())
    if step is None:
        raise WrongCode("This is not the code that the app shows now. Enter the newest one.")
    with transaction() as session:
        user = lock_unchanged_user(session, account)
        if session.get(AuthenticatorApp, user.id):
            raise AppExists
        budgets.forget(session, f"factor:{user.id}")
        kept = AuthenticatorApp(user_id=user.id, sealed=seal(_write(secret)), key_name=current_key_name())
        kept.last_step = step
        session.add(kept)
        session.flush()
        codes = store_first_codes(session, user)
        audit.record(session, "second_factor_on", actor=user, person=user, factor="app")
        what = "Signing in to your account now also asks for a code from an authenticator app."
        emails.warn(session, user, title="An authenticator app was added", what=what)
    return codes


def turn_off(account_id: int) -> None:
    """Ask for codes no longer; doing so twice is fine."""
    with transaction() as session:
        user = session.get_one(User, account_id, with_for_update={"key_share": True})
        mine = delete(AuthenticatorApp).where(AuthenticatorApp.user_id == user.id)
        if not session.scalars(mine.returning(AuthenticatorApp.user_id)).all():
            return
        remove_idle_codes(session, user.id)
        audit.record(session, "second_factor_off", actor=user, person=user, factor="app")
        what = "Codes from your authenticator app are no longer asked for when you sign in."
        emails.warn(session, user, title="Your authenticator app was removed", what=what)


def use_code(session: Session, user: User, code: str) -> bool:
    """Use up a code of the account's app; whether it was one. The person's row has to be locked."""
    app = session.get(AuthenticatorApp, user.id, populate_existing=True)
    if app is None:
        return False
    try:
        secret = b32decode(unseal(app.sealed))
    except Unreadable:
        return False
    step = find_step(secret, code, after=app.last_step, at=time.time())
    if step is not None:
        app.last_step = step
    return step is not None


def find_step(secret: bytes, code: str, *, after: int, at: float) -> int | None:
    """The step whose code this is, if it comes after the one that was used last: that of the moment, or one beside it.

    The moment `at` is in seconds since 1970.
    """
    present = int(at) // STEP_SECONDS
    typed = code.replace(" ", "").encode(errors="replace")
    steps = [step for step in (present - 1, present, present + 1) if step > after]
    found = [step for step in steps if hmac.compare_digest(code_at(secret, step), typed)]
    return found[-1] if found else None


def code_at(secret: bytes, step: int) -> bytes:
    """The six digits of a step."""
    from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415 - loaded by the first secret, as in sealing
    from cryptography.hazmat.primitives.twofactor.totp import TOTP  # noqa: PLC0415

    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS).generate(step * STEP_SECONDS)  # noqa: S303 - what the RFC says


def seal_anew(most: int = 500) -> int:
    """Seal secrets with the newest key that an earlier one has sealed, so that it can be forgotten; how many."""
    count, last = 0, 0
    while True:
        with transaction() as session:
            old = (AuthenticatorApp.key_name != current_key_name(), AuthenticatorApp.user_id > last)
            query = select(AuthenticatorApp).where(*old).order_by(AuthenticatorApp.user_id).limit(most)
            apps = session.scalars(query).all()
            changed = [_seal_anew(session, app) for app in apps]
            last = apps[-1].user_id if apps else last
        count += sum(changed)
        if not apps:
            return count


def _seal_anew(session: Session, app: AuthenticatorApp) -> bool:
    try:
        sealed = seal(unseal(app.sealed))
    except Unreadable:
        return False
    same = (AuthenticatorApp.user_id == app.user_id, AuthenticatorApp.sealed == app.sealed)
    kept = {"sealed": sealed, "key_name": current_key_name()}
    session.execute(update(AuthenticatorApp).where(*same).values(**kept).execution_options(synchronize_session=False))
    return True


def _describe(account: Account, secret: bytes) -> SetUp:
    text, site = _write(secret), urlsplit(config.current().base_url).netloc
    query = urlencode({"secret": text, "issuer": f"Holdfast {site}"}, quote_via=quote)
    address = f"otpauth://totp/{quote(f'Holdfast {site}')}:{quote(account.name)}?{query}"
    return SetUp(text, address, seal(f"{account.id} {text}"))


def _open(account: Account, sealed: str) -> bytes:
    try:
        owner, _, text = unseal(sealed, within=SET_UP_WITHIN).partition(" ")
    except Unreadable as error:
        raise SetUpExpired from error
    if owner != str(account.id):
        raise SetUpExpired
    return b32decode(text)


def _write(secret: bytes) -> str:
    return b32encode(secret).decode()
