"""One request to an address that somebody entered: to the server that was looked at, and to no other.

The name is resolved once, every address of it has to be public, and the connection goes to one of these. No redirect is
followed, of the answer the first bytes are read, and the whole of it ends after `DEADLINE_SECONDS`, however slowly it
comes.
"""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from framework import config
from framework.database.session import refuse_held_connection
from framework.errors import Invalid
from framework.public_addresses import bracket, is_host, is_ip, is_public, resolve

PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
"""Below it are services that are no web servers, apart from `PORTS`."""
LONGEST_URL = 500
CONNECT_SECONDS, DEADLINE_SECONDS = 5, 10
ANSWER_BYTES = 1024

_REST = re.compile(r"[\x21-\x7e]*")
_SENTENCE = "Enter the address of a web server, such as https://ci.example.org/hooks, over https or http."


class BadAddress(Invalid):
    """Nothing is sent to this address."""

    field = "url"


class Undelivered(Exception):
    """There was no answer; the text says why. `is_slow` if it was waited for."""

    def __init__(self, sentence: str, *, is_slow: bool = True) -> None:
        super().__init__(sentence)
        self.is_slow = is_slow


@dataclass(frozen=True)
class Reply:
    """An answer: its status, and its first bytes as text."""

    status: int
    text: str


def check_address(url: str) -> SplitResult:
    """The parts of an address that something may be sent to, as far as it can be seen without resolving it.

    Raises:
        BadAddress.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise BadAddress(_SENTENCE) from None
    if parts.scheme not in PORTS or len(url) > LONGEST_URL or not _REST.fullmatch(url) or not is_host(host):
        raise BadAddress(_SENTENCE)
    if "@" in parts.netloc or parts.fragment:
        raise BadAddress("Leave out names, passwords and what follows a #. The signature shows who sent a request.")
    if port is not None and port not in PORTS.values() and port < FIRST_FREE_PORT:
        raise BadAddress(f"Use port 80, 443, or one from {FIRST_FREE_PORT} on.")
    if is_ip(host) and not _may_reach(host, port or PORTS[parts.scheme]):
        raise BadAddress(f"{host} is not on the public internet.")
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a body to the address.

    Raises:
        Undelivered, BadAddress.
    """
    refuse_held_connection("a webhook's server")
    parts = check_address(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    ends = monotonic() + DEADLINE_SECONDS
    try:
        with _connect(_choose(host, port), port) as plain, _end_at(plain, ends):
            stream = _wrap(plain, host) if parts.scheme == "https" else plain
            return _exchange(stream, parts, body=body, headers=headers, ends=ends)
    except TimeoutError as error:
        raise Undelivered(f"No answer within {DEADLINE_SECONDS} seconds") from error
    except ssl.SSLCertVerificationError as error:
        raise Undelivered(f"The certificate of {host} is not valid: {error.verify_message}") from error
    except (OSError, HTTPException, ValueError) as error:
        late = monotonic() >= ends
        raise Undelivered(f"No answer within {DEADLINE_SECONDS} seconds" if late else _describe(error)) from error


def _choose(host: str, port: int) -> str:
    """The one IP address that is connected to."""
    try:
        found = resolve(host, port)
    except OSError as error:
        raise Undelivered(f"The name {host} is not known", is_slow=False) from error
    if not config.current().webhooks_to_private_networks and not all(is_public(ip) for ip in found):
        raise Undelivered(f"{host} is not on the public internet", is_slow=False)
    return str(found[0])


def _may_reach(host: str, port: int) -> bool:
    return config.current().webhooks_to_private_networks or all(is_public(ip) for ip in resolve(host, port))


@contextmanager
def _connect(ip: str, port: int) -> Iterator[socket.socket]:
    with socket.create_connection((ip, port), timeout=CONNECT_SECONDS) as connected:
        yield connected


@contextmanager
def _end_at(connected: socket.socket, ends: float) -> Iterator[None]:
    """Break the connection off at this moment: a server that sends a byte now and then would never time out."""
    twin = connected.dup()

    def break_off() -> None:
        try:
            twin.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended by itself
            return

    timer = Timer(max(0.0, ends - monotonic()), break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        twin.close()


def _wrap(plain: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _exchange(
    stream: socket.socket, parts: SplitResult, *, body: bytes, headers: Mapping[str, str], ends: float
) -> Reply:
    connection = HTTPConnection(parts.hostname or "", timeout=CONNECT_SECONDS)
    connection.sock = stream
    stream.settimeout(DEADLINE_SECONDS)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=body, headers={"Host": _host_header(parts), **headers})
        response = connection.getresponse()
        if monotonic() >= ends:
            raise TimeoutError("the headers were cut off")
        return Reply(response.status, _read_start(response))
    finally:
        connection.close()


def _host_header(parts: SplitResult) -> str:
    host = bracket(parts.hostname or "")
    return host if parts.port in {None, PORTS[parts.scheme]} else f"{host}:{parts.port}"


def _read_start(response: HTTPResponse) -> str:
    """The first bytes; an answer counts by its status, also when the rest is cut off."""
    try:
        found = response.read(ANSWER_BYTES)
    except (OSError, HTTPException):
        return ""
    return found.decode(errors="replace").replace("\0", "")


def _describe(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "The server refused the connection"
    if isinstance(error, ssl.SSLError):
        return "The server does not speak TLS as it should"
    return "The connection broke off" if isinstance(error, OSError) else "The answer is not HTTP"
