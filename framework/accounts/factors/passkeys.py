"""Passkeys: credentials of WebAuthn that a device keeps, as the only sign-in or after the password.

Each is discoverable and asks its person for a finger, a face or a PIN, so that it can be the only sign-in.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from framework.accounts.core import budgets, emails
from framework.accounts.core.account import Account
from framework.accounts.core.credentials import lock_unchanged_user
from framework.accounts.core.validation import printable
from framework.accounts.core.ways_in.reading import refuse_last_way
from framework.accounts.core.ways_in.removal import remove_idle_codes
from framework.accounts.factors.answers import (
    Answer,
    NewCredential,
    PasskeyRefused,
    check_assertion,
    check_creation,
    read_answer,
    relying_party,
)
from framework.accounts.factors.challenges import LASTS, Ceremony, ChallengeRefused, spend
from framework.accounts.factors.checking import count_attempt
from framework.accounts.factors.recovery import store_first_codes
from framework.accounts.models import Passkey, User
from framework.audit import log as audit
from framework.database.insert import insert_into
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Invalid, NotFound

MOST = 20
NAME_LENGTH = 100
ALGORITHMS = (-8, -7, -257)
"""EdDSA, ES256 and RS256, by COSE's numbers: what every platform has one of."""


class InvalidPasskeyName(Invalid):
    """A passkey's name is missing, too long or not visible."""

    field = "name"


class TooManyPasskeys(Conflict):
    """The account has as many as one may."""

    def __init__(self) -> None:
        super().__init__(f"An account has at most {MOST} passkeys. Remove one that you no longer use.")


class PasskeyExists(Conflict):
    """This credential is kept already."""

    def __init__(self) -> None:
        super().__init__("This passkey was added before.")


class PasskeyNotFound(NotFound):
    """The account has no such passkey."""


@dataclass(frozen=True)
class PasskeyAbout:
    """What is shown of a passkey."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


def passkey_name(text: str) -> str:
    """A passkey's name of 1 to 100 visible characters.

    Raises:
        InvalidPasskeyName: it is not.
    """
    if not text.strip() or len(text) > NAME_LENGTH or not printable(text):
        raise InvalidPasskeyName(f"Give the passkey a name of 1 to {NAME_LENGTH} characters, such as “Laptop”.")
    return text.strip()


def list_passkeys(account_id: int) -> list[PasskeyAbout]:
    """The account's passkeys, the oldest first."""
    mine = select(Passkey).where(Passkey.user_id == account_id).order_by(Passkey.id)
    with read_transaction() as session:
        return [PasskeyAbout(row.id, row.name, row.created_at, row.last_used_at) for row in session.scalars(mine)]


def ask_for_creation(account: Account, ceremony: Ceremony) -> dict[str, Any]:
    """What a browser is asked to add a passkey (`PublicKeyCredentialCreationOptionsJSON`).

    The challenge carries the account's handle: in two tabs of an account without passkeys it is another one in each.
    """
    with read_transaction() as session:
        rows = session.scalars(select(Passkey).where(Passkey.user_id == account.id).order_by(Passkey.id)).all()
    handle, shown = rows[0].handle if rows else token_hex(16), account.full_name or account.name
    challenge = ceremony.challenge(note=handle)
    return {
        "rp": {"id": relying_party(), "name": "Holdfast"},
        "user": {
            "id": _encode(bytes.fromhex(handle)),
            "name": account.name,
            "displayName": shown,
        },
        "challenge": _encode(challenge.encode()),
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
        "timeout": int(LASTS.total_seconds() * 1000),
        "excludeCredentials": [{"type": "public-key", "id": row.credential_id} for row in rows],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def ask_for_assertion(ceremony: Ceremony) -> dict[str, Any]:
    """What a browser is asked to show a passkey: one of the account's, or of anybody's where none is known."""
    mine = select(Passkey.credential_id).where(Passkey.user_id == ceremony.account_id)
    with read_transaction() as session:
        ids = session.scalars(mine).all() if ceremony.account_id else []
    return {
        "challenge": _encode(ceremony.challenge().encode()),
        "rpId": relying_party(),
        "timeout": int(LASTS.total_seconds() * 1000),
        "allowCredentials": [{"type": "public-key", "id": number} for number in ids],
        "userVerification": "preferred" if ceremony.account_id else "required",
    }


def add_passkey(account: Account, ceremony: Ceremony, *, name: str, credential: str) -> list[str]:
    """Keep a new passkey; new recovery codes, if it is the account's first second factor.

    Raises:
        InvalidPasskeyName, PasskeyRefused, ChallengeRefused, PasskeyExists, TooManyPasskeys.
        SignInRequired: the credentials were changed since.
    """
    name, answer = passkey_name(name), read_answer(credential)
    handle = ceremony.check(answer.challenge)
    if not handle:  # of an earlier release
        raise ChallengeRefused
    made = check_creation(answer)
    with transaction() as session:
        user = lock_unchanged_user(session, account)
        spend(session, answer.challenge)
        count = session.scalar(select(func.count()).select_from(Passkey).where(Passkey.user_id == user.id)) or 0
        if count >= MOST:
            raise TooManyPasskeys
        _insert(session, user, name, made, handle)
        codes = store_first_codes(session, user)
        audit.record(session, "passkey_added", actor=user, person=user, name=name)
        what = f"The passkey “{name}” was added to your account. It can be used to sign in."
        remedy = "remove it in your settings, under Security, and choose a new password."
        emails.warn(session, user, title="A passkey was added", what=what, remedy=remedy)
    return codes


def remove_passkey(account_id: int, passkey_id: int) -> None:
    """Have a passkey open the account no longer.

    Raises:
        PasskeyNotFound.
        LastWayIn: the account has no password and nothing else to sign in with.
    """
    with transaction() as session:
        user = session.get_one(User, account_id, with_for_update={"key_share": True})
        mine = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user.id)
        names = session.scalars(mine.returning(Passkey.name)).all()
        if not names:
            raise PasskeyNotFound("There is no such passkey; it may have been removed already.")
        refuse_last_way(session, user.id)
        remove_idle_codes(session, user.id)
        audit.record(session, "passkey_removed", actor=user, person=user, name=names[0])
        what = f"The passkey “{names[0]}” no longer opens your account."
        emails.warn(session, user, title="A passkey was removed", what=what)


def sign_in_with_passkey(credential: str, ceremony: Ceremony, *, address: str) -> Account:
    """Whose passkey this is, where nothing else was shown: its person has been verified by their device.

    Raises:
        PasskeyRefused, ChallengeRefused.
        BudgetSpent: too many were refused from this network lately.
        AccountSuspended.
    """
    network, site = budgets.network_of(address), budgets.site_of(address)
    keys = [f"network:{network}", *([f"site:{site}"] if site else [])]
    budgets.spend_now(*keys)
    answer = read_answer(credential)
    ceremony.check(answer.challenge)
    passkey, user = _find(answer)
    if answer.handle != passkey.handle:
        raise PasskeyRefused
    _use(passkey, answer, verified=True)
    with transaction() as session:
        budgets.give_back(session, keys)
    return Account.of(user)


def show_passkey(account: Account, credential: str, ceremony: Ceremony) -> None:
    """Let somebody pass who shows a passkey of this account after its password, or again.

    Raises:
        PasskeyRefused, ChallengeRefused.
        BudgetSpent: a second factor was wrong too often lately.
    """
    keys = count_attempt(account.id)
    answer = read_answer(credential)
    ceremony.check(answer.challenge)
    passkey, owner = _find(answer)
    if owner.id != account.id:
        raise PasskeyRefused
    _use(passkey, answer, verified=False)
    with transaction() as session:
        budgets.forget(session, *keys)


def _find(answer: Answer) -> tuple[Passkey, User]:
    query = select(Passkey, User).join(User, User.id == Passkey.user_id)
    with read_transaction() as session:
        found = session.execute(query.where(Passkey.credential_id == answer.credential_id)).one_or_none()
        if found is None:
            raise PasskeyRefused
        return found[0], found[1]


def _use(passkey: Passkey, answer: Answer, *, verified: bool) -> None:
    """Note the counter: of two answers at one moment with the same one, one is refused."""
    count = check_assertion(answer, passkey, verified=verified)
    grown = (Passkey.sign_count < count) if count else (Passkey.sign_count == 0)
    used = update(Passkey).where(Passkey.id == passkey.id, Passkey.credential_id == passkey.credential_id, grown)
    with transaction() as session:
        spend(session, answer.challenge)
        if not session.scalars(used.values(sign_count=count, last_used_at=now()).returning(Passkey.id)).all():
            raise PasskeyRefused


def _insert(session: Session, user: User, name: str, made: NewCredential, handle: str) -> None:
    """Keep a credential, unless somebody has one of its id: two accounts cannot share one."""
    kept = {
        "user_id": user.id,
        "name": name,
        "credential_id": made.id,
        "public_key": made.public_key,
        "handle": handle,
        "sign_count": made.sign_count,
        "created_at": now(),
    }
    added = insert_into(session, Passkey).values(**kept).on_conflict_do_nothing().returning(Passkey.id)
    if session.execute(added).one_or_none() is None:
        raise PasskeyExists


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
