"""A provider that runs, and a person's way through it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import urllib3

from framework.accounts.identities import discovery
from framework.config import Config
from framework.environment.providers import GITHUB, OIDC, Provider
from tests.accounts.signing_in.provider import CLIENT, SECRET
from tests.cast import Visitor
from tests.servers.processes import accepts, free_port
from tests.servers.run import ROOT, Facts, Run


@dataclass(frozen=True)
class Provided:
    """The providers of the present deployment, all of them one process at this address."""

    url: str

    def allow(self, address: str, **person: str) -> str:
        """Let the provider say who it is; the path that it leads the browser back to."""
        answer = urllib3.request("GET", f"{address}&{urlencode(person)}", redirect=False)
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"

    def enter(self, visitor: Visitor, key: str = "oidc", /, query: str = "", **person: str) -> Any:
        """Sign in there; the answer to coming back."""
        there = visitor.get(f"/login/with/{key}{query}").location
        return visitor.get(self.allow(there, **person))


@pytest.fixture(scope="session")
def provider_url(run: Run) -> str:
    """The address of the provider's process."""
    return run.shared("provider", start_provider)["url"]


@pytest.fixture
def provided(provider_url: str, with_settings: Callable[..., Config], app: object) -> Provided:
    """A deployment at which people sign in by OpenID Connect, ORCID and GitHub."""
    discovery.forget()
    kinds = {"oidc": OIDC, "orcid": OIDC, "github": GITHUB}
    named = {"oidc": "Example University", "orcid": "ORCID", "github": "GitHub"}
    made = [Provider(key, named[key], kind, provider_url, CLIENT, SECRET) for key, kind in kinds.items()]
    with_settings(providers=tuple(made))
    return Provided(provider_url)


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def start_provider(run: Run) -> Facts:
    """Start the process of the provider; its address."""
    port = free_port()
    command = [sys.executable, "-m", "tests.accounts.signing_in.provider", str(port)]
    process = run.start("provider", command, {"PYTHONPATH": str(ROOT)})
    process.wait_until(lambda: accepts(port))
    return {"url": f"http://localhost:{port}"}
