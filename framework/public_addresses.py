"""Which servers may be reached by addresses that people enter: those of the public internet, in every spelling."""

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_IPV4_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_DOCUMENTATION, _SEGMENT_ROUTING = IPv6Network("3fff::/20"), IPv6Network("5f00::/16")
_NOT_PUBLIC = (*_NAT64, _IPV4_COMPATIBLE, _IPV4_TRANSLATED, _DOCUMENTATION, _SEGMENT_ROUTING)

Address = IPv4Address | IPv6Address


def is_host(text: str) -> bool:
    """Whether this is the name of a server in lower case, or an IP address."""
    return bool(_NAME.fullmatch(text)) or is_ip(text)


def is_ip(text: str) -> bool:
    """Whether this is an IP address, without a zone."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


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


def resolve(host: str, port: int) -> Sequence[Address]:
    """The IP addresses of a server, of which each has to be looked at, and one used without asking again.

    Raises:
        OSError: the name is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(entry[4][0]) for entry in found]


def bracket(host: str) -> str:
    """The host as an address has it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host
