"""Addresses to import from: what is public, what is refused, and that git goes where was looked and nowhere else."""

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from framework.config import Config
from framework.gitcore import git
from framework.import_export.addresses import (
    AddressRefused,
    GitTooOld,
    NameUnknown,
    Pinned,
    check_address,
    pin,
)
from framework.import_export.fetching import FetchFailed, fetch_address
from framework.projects.core.access import ProjectAccess
from framework.public_addresses import is_public
from tests.cast import Visitor
from tests.servers.application.gunicorn import LiveServer
from tests.uploads.form import upload

LOCAL = ip_address("127.0.0.1")


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"),
        *("::ffff:0:127.0.0.1", "::ffff:0:808:808", "3fff::1", "3fff:fff:ffff::1", "5f00::1", "5f00:ffff::1"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    ],
)
def test_what_is_not_public_is_known_in_every_wrapping(ip: str) -> None:
    assert not is_public(ip_address(ip))


@pytest.mark.parametrize("ip", ["8.8.8.8", "140.82.121.4", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "2002:808:808::1"])
def test_what_is_public_is_let_through(ip: str) -> None:
    assert is_public(ip_address(ip))


@pytest.mark.parametrize(
    "address",
    [
        *("", "garden", "/etc/passwd", "file:///etc/passwd", "git://example.org/x", "ssh://git@example.org/x"),
        *("git@example.org:x.git", "ext::sh -c id", "https://", "https:///x", "ftp://example.org/x"),
        *("https://example.org:0/x", "https://example.org:99999/x", "https://example.org:x/x"),
        *("https://user:secret@example.org/x", "https://token@example.org/x", "https://@example.org/x"),
        *("https://0x7f.1/x", "https://127.1/x", "https://2130706433/x", "https://017700000001/x"),
        *("https://example.org./x", "https://exa_mple.org/x", "https://-x.org/x", "https://ex\u00e4mple.org/x"),
        *("https://[fe80::1%25eth0]/x", "https://[::1/x", "https://example.org\\@127.0.0.1/x"),
        *(
            "https://example.org/a b",
            "https://example.org/x?y=1",
            "https://example.org/x#y",
            "https://example.org/\u00fc",
        ),
        *("https://example.org/x\nHost: y", "-c core.sshCommand=x", "--upload-pack=touch /tmp/x"),
    ],
)
def test_it_refuses_what_is_no_address_for_cloning(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://169.254.169.254/",
    ],
)
def test_it_refuses_private_networks(settings: Config, address: str) -> None:
    with pytest.raises(AddressRefused, match="not on the public internet"):
        pin(address)


def test_one_private_address_among_many_is_enough(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_named: both)
    with pytest.raises(AddressRefused):
        pin("https://example.org/x")


def test_a_name_that_nobody_knows_is_asked_for_again_later(settings: Config) -> None:
    with pytest.raises(NameUnknown):
        pin("https://no-such-name.invalid/x")


def test_a_git_that_cannot_pin_imports_nothing(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "version", lambda: "2.34.1")
    with pytest.raises(GitTooOld):
        pin("https://8.8.8.8/x")


@pytest.fixture
def history(
    served: LiveServer, website: ProjectAccess, visitor: Visitor, signed_in: Callable[..., Visitor], alice: object
) -> LiveServer:
    """A server that has Alice's public project, with one version."""
    upload(signed_in(alice), {"a.txt": b"1"}, page="/alice/website/upload/main", message="First")
    return served


def port_of(server: LiveServer) -> int:
    """The port that it listens on."""
    return int(server.url.rpartition(":")[2])


def test_git_asks_the_address_that_was_checked_and_no_name_server(history: LiveServer, tmp_path: Path) -> None:
    rebound = Pinned("http", "no-such-name.invalid", port_of(history), "/alice/website.git", LOCAL)
    fetched = fetch_address(rebound, tmp_path)
    assert git.run(fetched, "for-each-ref", "--format=%(refname)") == b"refs/heads/main\n"


class Misleading(http.server.BaseHTTPRequestHandler):
    """Answers every request with a redirect to another server."""

    target, asked = "", 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(302)
        self.send_header("Location", self.target + self.path)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def misleading(target: str) -> Iterator[int]:
    """The port of a server that sends everybody elsewhere."""
    Misleading.target, Misleading.asked = target, 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Misleading) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_git_follows_no_redirect(history: LiveServer, tmp_path: Path) -> None:
    with misleading(history.url) as port:
        with pytest.raises(FetchFailed):
            fetch_address(Pinned("http", "example.org", port, "/alice/website.git", LOCAL), tmp_path)
        assert Misleading.asked


@pytest.mark.long
def test_a_history_that_is_too_large_is_given_up(
    history: LiveServer, tmp_path: Path, with_settings: Callable[..., Config]
) -> None:
    with_settings(max_push_bytes=100)
    with pytest.raises(FetchFailed):
        fetch_address(Pinned("http", "example.org", port_of(history), "/alice/website.git", LOCAL), tmp_path)


def test_what_is_no_repository_says_so(history: LiveServer, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="Check that this is the clone address"):
        fetch_address(Pinned("http", "example.org", port_of(history), "/alice/nothing.git", LOCAL), tmp_path)
