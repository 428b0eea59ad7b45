"""Somebody as a provider describes them, whether they have an account here or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from framework.accounts.core import validation
from framework.accounts.core.validation import printable
from framework.environment.providers import Provider
from framework.errors import Invalid


class ProviderRefused(Invalid):
    """Nobody has signed in at a provider, or not in the way that was asked for."""

    fallback_link = ("Go to the sign-in page", "/login")


@dataclass(frozen=True)
class Stranger:
    """Who has signed in at a provider: `issuer` and `subject` name them for ever; the rest is what it tells of them.

    `email` is theirs only where `email_verified`.
    """

    provider: str
    issuer: str
    subject: str
    name: str
    nickname: str
    email: str
    email_verified: bool

    @classmethod
    def of(cls, provider: Provider, subject: str, told: Mapping[str, Any]) -> "Stranger":
        """Somebody with the claims of OpenID Connect; what is not as it should be is left out."""
        email = _email(told.get("email"))
        return cls(
            provider=provider.key,
            issuer=provider.issuer,
            subject=subject,
            name=_line(told.get("name")),
            nickname=_line(told.get("preferred_username")),
            email=email,
            email_verified=bool(email) and told.get("email_verified") is True,
        )


def check_text(found: object, most: int) -> str:
    """A text of 1 to `most` characters that can be kept.

    Raises:
        ProviderRefused: it is something else.
    """
    if not isinstance(found, str) or not 0 < len(found) <= most or not printable(found):
        raise ProviderRefused("The provider's answer is not valid. Try again.")
    return found


def _line(found: object) -> str:
    return found.strip() if isinstance(found, str) and len(found) <= 100 and printable(found) else ""


def _email(found: object) -> str:
    try:
        return validation.email(found) if isinstance(found, str) else ""
    except Invalid:
        return ""
