"""Addresses to import from: resolved once, checked, and pinned, so that nobody reaches a network behind this server.

What resolves to a private address is refused, in every spelling; git is told the address that was checked (libcurl's
CURLOPT_RESOLVE), so that a second look at the name cannot give another one; and it follows no redirect.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from framework import config
from framework.errors import Invalid, Unavailable
from framework.gitcore import git

PORTS = {"http": 80, "https": 443}
PINNING_SINCE = (2, 37)
"""The git that knows `http.curloptResolve`; an older one would ignore it."""

_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_IPV4_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_DOCUMENTATION, _SEGMENT_ROUTING = IPv6Network("3fff::/20"), IPv6Network("5f00::/16")
_NOT_PUBLIC = (*_NAT64, _IPV4_COMPATIBLE, _IPV4_TRANSLATED, _DOCUMENTATION, _SEGMENT_ROUTING)

Address = IPv4Address | IPv6Address


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
        return f"{self.scheme}://{_bracket(self.host)}:{self.port}{self.path}"

    @property
    def options(self) -> list[str]:
        """What git is told: this server and no other, by this protocol and no other."""
        settings = (
            f"http.curloptResolve={self.host}:{self.port}:{_bracket(str(self.ip))}",
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
    if parts.scheme not in PORTS or port == 0 or not (_NAME.fullmatch(host) or _is_ip(host)):
        raise AddressRefused(_SENTENCE)
    if "@" in parts.netloc:
        raise AddressRefused("An address with a name or password is not taken: it would be kept. Import a ZIP instead.")
    if not _PATH.fullmatch(parts.path) or parts.query or parts.fragment:
        raise AddressRefused(_SENTENCE)
    return parts


def is_public(ip: Address) -> bool:
    """Whether this address is one of the public internet, whatever it is wrapped in.

    RFC 6890, 4291, 6052, 3056, 2765 (IPv4-translated), 9637 (documentation), 9602 (segment routing).
    """
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip not in _PROTOCOL_ASSIGNMENTS
    if any(ip in network for network in _NOT_PUBLIC) or ip.teredo:
        return False
    inner = ip.ipv4_mapped or ip.sixtofour
    if inner is not None:
        return is_public(inner)
    return ip.is_global and not ip.is_multicast and not ip.is_site_local and ip.scope_id is None


def _resolve(host: str, port: int) -> Sequence[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as failure:
        raise NameUnknown(f"The name {host} is not known. Check the address, or try again later.") from failure
    return [ip_address(entry[4][0]) for entry in found]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


_SENTENCE = "Enter the address for cloning, such as https://git.example.org/garden.git, over http or https."
