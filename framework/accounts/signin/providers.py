"""What this browser's session holds of a sign-in at a provider: the attempt, then who came back without an account."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import session

from framework.accounts.core.account import SignInRequired
from framework.accounts.identities.persons import ProviderRefused, Stranger
from framework.accounts.identities.protocol import Attempt, address_to_ask, find_provider
from framework.database.types import now
from framework.environment.providers import Provider
from framework.errors import NotFound

ENTER, LINK, AGAIN = "enter", "link", "again"
"""What an attempt is for: to sign in, to link, or to show again who somebody is."""
WAITS = timedelta(minutes=30)
_ATTEMPT, _NEWCOMER = "provider_attempt", "newcomer"


class NoSuchProvider(NotFound):
    """Nobody can sign in there."""

    def __init__(self) -> None:
        super().__init__("There is no such way to sign in.")


@dataclass(frozen=True)
class Errand:
    """An attempt, what it is for, for whose account if that is known, and where it leads to."""

    attempt: Attempt
    purpose: str
    account_id: int | None
    path: str


@dataclass(frozen=True)
class Newcomer:
    """Who has signed in at a provider and has no account, and where they were going."""

    stranger: Stranger
    path: str


def provider_for(key: str) -> Provider:
    """The provider with this part of our addresses.

    Raises:
        NoSuchProvider.
    """
    provider = find_provider(key)
    if provider is None:
        raise NoSuchProvider
    return provider


def begin(provider: Provider, purpose: str, *, account_id: int | None = None, path: str = "/") -> str:
    """The provider's address to go to; an attempt of before ends.

    Raises:
        ProviderUnavailable.
    """
    attempt = Attempt.begin(provider, fresh=purpose == AGAIN)
    address = address_to_ask(provider, attempt)
    kept = {"attempt": asdict(attempt), "purpose": purpose, "account_id": account_id, "path": path}
    session[_ATTEMPT] = {**kept, "at": now().isoformat()}
    return address


def take_errand() -> Errand:
    """The attempt that this browser is on, which ends with this.

    Raises:
        ProviderRefused: there is none, or it was begun too long ago.
    """
    kept: dict[str, Any] = session.pop(_ATTEMPT, None) or {}
    if not _is_recent(kept):
        raise ProviderRefused("This sign-in was begun in another window or has ended. Try again.")
    return Errand(Attempt(**kept["attempt"]), kept["purpose"], kept["account_id"], kept["path"])


def keep_newcomer(stranger: Stranger, path: str) -> None:
    """Remember who has signed in elsewhere, until they have chosen a name here."""
    session[_NEWCOMER] = {"stranger": asdict(stranger), "path": path, "at": now().isoformat()}


def read_newcomer() -> Newcomer:
    """Who has signed in elsewhere in this browser and has no account yet.

    Raises:
        SignInRequired: nobody has, lately.
    """
    kept: dict[str, Any] = session.get(_NEWCOMER) or {}
    if not _is_recent(kept):
        raise SignInRequired("Sign in first.")
    return Newcomer(Stranger(**kept["stranger"]), kept["path"])


def _is_recent(kept: dict[str, Any]) -> bool:
    return bool(kept) and now() < datetime.fromisoformat(kept["at"]) + WAITS
