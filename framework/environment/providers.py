"""Providers that people sign in at: one by its issuer, and presets for ORCID, GitHub and Google."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from framework.environment.variables import ConfigError, Environ

OIDC, GITHUB = "oidc", "github"
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""One scope (RFC 6749, section 3.3)."""
AT_HOME = {"localhost", "127.0.0.1", "::1"}
"""Hosts whose issuer may do without https: those of this machine."""
PROVIDER_VARIABLES = frozenset(
    {"OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "OIDC_SCOPES"}
    | {f"{name}_{part}" for name in ("ORCID", "GITHUB", "GOOGLE") for part in ("CLIENT_ID", "CLIENT_SECRET")}
    | {"ORCID_ISSUER", "GITHUB_URL"}
)


@dataclass(frozen=True)
class Provider:
    """Where people have an account already; `key` is its part of our addresses, `kind` what it speaks.

    `issuer` is how it calls itself in tokens, and where its description is; of GitHub, the address of the site.
    """

    key: str
    name: str
    kind: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "email", "profile")


def read_providers(environ: Environ) -> tuple[Provider, ...]:
    """The providers that are set up, in the order in which the sign-in page offers them.

    Raises:
        ConfigError: one has an id without a secret, or no usable address.
    """
    found = (_own(environ), _orcid(environ), _preset(environ, "GOOGLE", "Google", "https://accounts.google.com"))
    return tuple(provider for provider in (*found, _github(environ)) if provider)


def _own(environ: Environ) -> Provider | None:
    issuer = environ.get("OIDC_ISSUER", "").strip()
    if not issuer and environ.get("OIDC_CLIENT_ID"):
        raise ConfigError("OIDC_CLIENT_ID is set and OIDC_ISSUER is not; set it to the provider's address")
    if not issuer:
        return None
    if not environ.get("OIDC_CLIENT_ID"):
        raise ConfigError("OIDC_ISSUER is set and OIDC_CLIENT_ID is not; set it to the id that the provider gave you")
    scopes = tuple(environ.get("OIDC_SCOPES", "").replace(",", " ").split()) or ("openid", "email", "profile")
    if "openid" not in scopes or not all(map(SCOPE.fullmatch, scopes)):
        raise ConfigError("OIDC_SCOPES has to be a list of scopes with openid among them")
    host = urlsplit(issuer).hostname or "OpenID Connect"
    provider = _preset(environ, "OIDC", environ.get("OIDC_NAME", "").strip() or host, issuer, scopes)
    _check_address("OIDC_ISSUER", issuer)
    return provider


def _orcid(environ: Environ) -> Provider | None:
    issuer = environ.get("ORCID_ISSUER", "").strip() or "https://orcid.org"
    _check_address("ORCID_ISSUER", issuer)
    return _preset(environ, "ORCID", "ORCID", issuer, ("openid",))


def _github(environ: Environ) -> Provider | None:
    site = (environ.get("GITHUB_URL", "").strip() or "https://github.com").rstrip("/")
    _check_address("GITHUB_URL", site)
    return _preset(environ, "GITHUB", "GitHub", site, ("user:email",), kind=GITHUB)


def _preset(
    environ: Environ,
    prefix: str,
    name: str,
    issuer: str,
    scopes: tuple[str, ...] = ("openid", "email", "profile"),
    *,
    kind: str = OIDC,
) -> Provider | None:
    client_id = environ.get(f"{prefix}_CLIENT_ID", "").strip()
    secret = environ.get(f"{prefix}_CLIENT_SECRET", "").strip()
    if client_id and not secret:
        raise ConfigError(f"{prefix}_CLIENT_ID is set and {prefix}_CLIENT_SECRET is not; set both, or none")
    if not client_id:
        return None
    return Provider(prefix.lower(), name, kind, issuer, client_id, secret, scopes)


def _check_address(name: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and not (parts.query or parts.fragment) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or any(map(str.isspace, address)):
        raise ConfigError(f"{name} is {address!r}; set it to an address such as https://login.example.org")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in AT_HOME):
        raise ConfigError(f"{name} is {address!r}; a provider has to be reached by https")
