"""Signing in at GitHub, which speaks OAuth 2 without OpenID Connect: who it is, its API tells."""

from typing import Any

from framework.accounts.identities.fetching import ProviderUnavailable, fetch_json
from framework.accounts.identities.persons import Stranger
from framework.environment.providers import Provider

SITE, API = "https://github.com", "https://api.github.com"
"""Of github.com; a server of one's own (GitHub Enterprise) has its API below its own address."""


def endpoints(provider: Provider) -> dict[str, Any]:
    """The addresses that other providers describe themselves."""
    return {
        "authorization_endpoint": f"{provider.issuer}/login/oauth/authorize",
        "token_endpoint": f"{provider.issuer}/login/oauth/access_token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }


def read_stranger(provider: Provider, access_token: str) -> Stranger:
    """Who has this token; the address is their primary one, if it is verified.

    Raises:
        ProviderUnavailable: the API answers otherwise than it says.
    """
    user, emails = (_ask(provider, path, access_token) for path in ("/user", "/user/emails"))
    if not isinstance(user, dict) or type(user.get("id")) is not int or not isinstance(emails, list):
        raise ProviderUnavailable(provider.name)
    verified = (each for each in emails if isinstance(each, dict) and each.get("primary") and each.get("verified"))
    email = next((str(each.get("email") or "") for each in verified), "")
    told = {"name": user.get("name"), "preferred_username": user.get("login"), "email": email, "email_verified": True}
    return Stranger.of(provider, str(user["id"]), told)


def _ask(provider: Provider, path: str, access_token: str) -> Any:
    base = API if provider.issuer == SITE else f"{provider.issuer}/api/v3"
    headers = {"Authorization": f"Bearer {access_token}", "X-GitHub-Api-Version": "2022-11-28"}
    return fetch_json(provider.name, f"{base}{path}", headers=headers)
