"""What a provider says of itself (OpenID Connect Discovery 1.0): endpoints and keys, kept for an hour."""

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from framework.accounts.identities.fetching import ProviderUnavailable, fetch_json, is_as_safe
from framework.environment.providers import Provider

KEPT_SECONDS = 3600
KEYS_KEPT_SECONDS = 60
"""At least this long: a token with an unknown key has the keys fetched again, and strangers can send such tokens."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass
class Described:
    """A provider's description and keys, and when (seconds of the monotonic clock) they were fetched."""

    metadata: dict[str, Any]
    fetched_at: float
    keys: dict[str, Any] = field(default_factory=dict)
    keys_fetched_at: float = float("-inf")


_known: dict[Provider, Described] = {}
_lock = Lock()


def read_metadata(provider: Provider) -> dict[str, Any]:
    """The provider's description.

    Raises:
        ProviderUnavailable: there is none, or it is another issuer's.
    """
    return _describe(provider).metadata


def read_keys(provider: Provider, *, anew: bool = False) -> dict[str, Any]:
    """The provider's keys as a JWK Set; fetched `anew` where one is missing, if they are a minute old.

    Raises:
        ProviderUnavailable.
    """
    described = _describe(provider)
    age = time.monotonic() - described.keys_fetched_at
    if age > (KEYS_KEPT_SECONDS if anew else KEPT_SECONDS):
        keys = fetch_json(provider.name, described.metadata["jwks_uri"])
        if not isinstance(keys, dict):
            raise ProviderUnavailable(provider.name)
        described.keys, described.keys_fetched_at = keys, time.monotonic()
    return described.keys


def forget() -> None:
    """Have every provider be asked again."""
    with _lock:
        _known.clear()


def _describe(provider: Provider) -> Described:
    described = _known.get(provider)
    if described is None or time.monotonic() - described.fetched_at > KEPT_SECONDS:
        described = Described(_fetch(provider), time.monotonic())
        with _lock:
            _known[provider] = described
    return described


def _fetch(provider: Provider) -> dict[str, Any]:
    metadata = fetch_json(provider.name, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    usable = isinstance(metadata, dict) and metadata.get("issuer") == provider.issuer
    if not usable or not all(is_as_safe(metadata.get(name), provider.issuer) for name in ENDPOINTS):
        raise ProviderUnavailable(provider.name)
    return dict(metadata)
