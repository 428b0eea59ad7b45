"""Addresses to import from: resolved once, checked, and pinned, so that nobody reaches a network behind this server.

What resolves to a private address is refused, in every spelling; git is told the address that was checked (libcurl's
CURLOPT_RESOLVE), so that a second look at the name cannot give another one; and it follows no redirect.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from framework import config
from framework.errors import Invalid, Unavailable
from framework.gitcore import git
from framework.public_addresses import Address, bracket, is_host, is_public, resolve

PORTS = {"http": 80, "https": 443}
PINNING_SINCE = (2, 37)
"""The git that knows `http.curloptResolve`; an older one would ignore it."""

_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


class AddressRefused(Invalid):
    """Nothing is imported from this address."""

    field = "address"


class NameUnknown(Unavailable):
    """The name of the server is not known at the moment."""


class GitTooOld(Unavailable):
    """This server's git cannot be told which address to use."""

    def __init__(self) -> None:
        super().__init__("This server's git is too old to import from an address safely. Import a ZIP file instead.")


@dataclass(frozen=True)
class Pinned:
    """An address that may be fetched from, and the one IP address that its name stands for."""

    scheme: str
    host: str
    port: int
    path: str
    ip: Address

    @property
    def url(self) -> str:
        """The address, written anew from its checked parts."""
        return f"{self.scheme}://{bracket(self.host)}:{self.port}{self.path}"

    @property
    def options(self) -> list[str]:
        """What git is told: this server and no other, by this protocol and no other."""
        settings = (
            f"http.curloptResolve={self.host}:{self.port}:{bracket(str(self.ip))}",
            "http.followRedirects=false",
            "protocol.allow=never",
            f"protocol.{self.scheme}.allow=always",
            "http.lowSpeedLimit=1000",
            "http.lowSpeedTime=60",
        )
        return [part for setting in settings for part in ("-c", setting)]


def pin(address: str) -> Pinned:
    """The address, resolved now.

    Raises:
        AddressRefused: it is not one of a public git server over HTTP.
        NameUnknown, GitTooOld.
    """
    parts = check_address(address)
    if git.version_numbers() < PINNING_SINCE:
        raise GitTooOld
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    found = _resolve(host, port)
    if not config.current().import_from_private_networks and not all(is_public(ip) for ip in found):
        raise AddressRefused(f"{host} is not on the public internet, so nothing is imported from there.")
    return Pinned(parts.scheme, host, port, parts.path, found[0])


def check_address(address: str) -> SplitResult:
    """The parts of an address that is written as it has to be; nothing is resolved.

    Raises:
        AddressRefused.
    """
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        raise AddressRefused(_SENTENCE) from None
    host = parts.hostname or ""
    if parts.scheme not in PORTS or port == 0 or not is_host(host):
        raise AddressRefused(_SENTENCE)
    if "@" in parts.netloc:
        raise AddressRefused("An address with a name or password is not taken: it would be kept. Import a ZIP instead.")
    if not _PATH.fullmatch(parts.path) or parts.query or parts.fragment:
        raise AddressRefused(_SENTENCE)
    return parts


def _resolve(host: str, port: int) -> Sequence[Address]:
    try:
        return resolve(host, port)
    except OSError as failure:
        raise NameUnknown(f"The name {host} is not known. Check the address, or try again later.") from failure


_SENTENCE = "Enter the address for cloning, such as https://git.example.org/garden.git, over http or https."
