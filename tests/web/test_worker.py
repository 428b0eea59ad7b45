"""Slow clients wait in the worker's loop, and hold no thread; those that hold one leave room for everybody else."""

import html
import json
import re
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from framework import config
from framework.accounts.lifecycle.operations import create_user
from framework.projects.lifecycle.operations import create_project
from framework.web.errors import SENTENCES
from framework.web.server import connections
from framework.web.server.connections import HEAD_START_BYTES, Connection, read_head
from framework.web.server.gate import API, ARCHIVES, OF_STRANGERS, SEARCHES, STRANGERS, STREAMS, Gate, claims_of
from framework.web.server.refusals import refuse, write_error
from tests.cast import PASSWORD, on_one_deployment
from tests.servers import deployments
from tests.servers.gunicorn import LiveServer, gunicorn
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

THREADS = 4
SLOW = 200
BODY = b"Host: x\r\nContent-Length: 1000000\r\n\r\n"
BEGUN = {
    "a connection that says nothing": b"",
    "a head that does not end": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b",
    "a form": b"POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n" + BODY + b"x",
    "an upload": b"POST /api/v1/uploads HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1000000\r\n" + BODY + b"x",
    "a fetch": b"POST /alice/open.git/git-upload-pack HTTP/1.1\r\n" + BODY + b"x",
    "a fetch that began": b"POST /alice/open.git/git-upload-pack HTTP/1.1\r\n" + BODY + b"x" * HEAD_START_BYTES,
    "a form that began": b"POST /login HTTP/1.1\r\n" + BODY + b"x" * HEAD_START_BYTES,
    "a body in chunks": b"POST /alice/open.git/git-upload-pack HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
    "a form whose length has many digits": b"POST /login HTTP/1.1\r\nHost: x\r\nCookie: session=x\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + b"0" * 20 + b"1000\r\n\r\nx",
    "a chunk that looks like the last one": b"POST /login HTTP/1.1\r\nHost: x\r\nCookie: session=x\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n99\r\n0\r\n\r\n",
    "an answer that nobody reads": b"GET /static/components.css HTTP/1.1\r\nHost: x\r\n\r\n" * 100,
}

BASIC = b64encode(f"alice:{PASSWORD}".encode()).decode()
BODIES = {
    "/login": "Content-Type: application/x-www-form-urlencoded",
    "/signup": "Content-Type: multipart/form-data; boundary=x",
    "/api/v1/tokens": "Content-Type: application/json",
    "/alice/open.git/git-upload-pack": "Content-Type: application/x-git-upload-pack-request",
    "/alice/open.git/git-receive-pack": "Content-Type: application/x-git-receive-pack-request",
    "/alice/open.git/info/lfs/objects/batch": "Content-Type: application/vnd.git-lfs+json",
}


@pytest.fixture(scope="module")
def server(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of one process with a few threads, on which Alice has a public project."""
    with (
        deployments.embedded(run, tmp_path_factory.mktemp("worker") / "data") as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(config, "_current", made)
        alice = create_user(name="alice", email="alice@example.org", password=PASSWORD)
        create_project(alice, name="open", description="", visibility="public")
        given = {name: text for name, text in deployments.environment(made).items() if name not in {"BASE_URL", "PORT"}}
        with gunicorn(run, given, threads=THREADS) as up:
            yield up
        deployments.leave()


def connect(server: LiveServer, begun: bytes = b"", *, reads: bool = True) -> socket.socket:
    """A connection on which so much has been sent; without `reads` it takes no more than the least of an answer."""
    url = urlsplit(server.url)
    client = socket.socket()
    client.settimeout(HANG_SECONDS)
    if not reads:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    client.connect(("127.0.0.1", url.port))
    client.sendall(begun)
    return client


@contextmanager
def many(server: LiveServer, begun: bytes, *, reads: bool = True) -> Iterator[list[socket.socket]]:
    """So many slow connections."""
    with ExitStack() as open_ones:
        yield [open_ones.enter_context(connect(server, begun, reads=reads)) for _number in range(SLOW)]


def ask(server: LiveServer, path: str, **headers: str) -> int:
    """The status of the answer to somebody else."""
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port or 0, timeout=HANG_SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@on_one_deployment
@pytest.mark.parametrize("kind", BEGUN)
def test_slow_clients_keep_nobody_from_a_page(server: LiveServer, kind: str) -> None:
    with many(server, BEGUN[kind], reads="reads" not in kind):
        assert ask(server, "/healthz") == 200
        assert ask(server, "/login") == 200
        assert ask(server, "/alice/open") == 200


@on_one_deployment
def test_strangers_streams_leave_threads_for_those_of_people(server: LiveServer) -> None:
    with many(server, BEGUN["a fetch that began"]):
        address = "/alice/open.git/info/refs?service=git-upload-pack"
        assert ask(server, address, Authorization="Basic YWxpY2U6eA==") == 200
        assert ask(server, "/alice/open") == 200


@on_one_deployment
@pytest.mark.parametrize(
    "path", ["/api/v1/uploads", "/api/v1/projects/alice/open/commits", "/alice/shut.git/git-upload-pack"]
)
def test_a_refusal_does_not_wait_for_the_body(server: LiveServer, path: str) -> None:
    begun = f"POST {path} HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1000000\r\n".encode()
    with connect(server, begun + BODY + b"x" * HEAD_START_BYTES) as client:
        answer = client.recv(1 << 16)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()
        client.sendall(b"x" * 900_000)  # is read and forgotten: the client is not cut off while it sends


@on_one_deployment
@pytest.mark.parametrize("path", ["/api/v1/projects/alice/open/commits", "/alice/a.git/git-receive-pack"])
def test_who_sends_a_large_body_to_its_end_hears_the_refusal(server: LiveServer, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port or 0, timeout=HANG_SECONDS)
    connection.request("POST", path, b"x" * (64 << 20))
    assert connection.getresponse().status == 401
    connection.close()


@on_one_deployment
@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"-5\r\nabc\r\n0\r\n\r\n", b"3\r\nabcXX", b"5\r\nabc"])
@pytest.mark.parametrize("request_line", BODIES)
def test_chunks_that_are_none_are_refused(server: LiveServer, request_line: str, chunks: bytes) -> None:
    head = f"POST {request_line} HTTP/1.1\r\n{BODIES[request_line]}\r\nAuthorization: Basic {BASIC}\r\n"
    with connect(server, f"{head}Host: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 400 ")


@on_one_deployment
def test_requests_follow_each_other_on_one_connection(server: LiveServer) -> None:
    form = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"
    chunks = b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"
    with connect(server, form + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        assert statuses(client, 2) == [400, 200]
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        client.sendall(b"Host: x\r\n\r\n")
        assert statuses(client, 1) == [200]
        client.sendall(chunks)
        assert statuses(client, 1) == [400]


def statuses(client: socket.socket, count: int) -> list[int]:
    """The statuses of the next answers, each of which ends as its length says."""
    found = []
    for _number in range(count):
        with client.makefile("rb", buffering=0) as file:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += file.read(1)
            length = re.search(rb"(?i)content-length: (\d+)", head)
            assert length
            left = int(length[1])
            while left:
                left -= len(file.read(left))
        found.append(int(head.split()[1]))
    return found


@on_one_deployment
def test_a_head_without_an_end_is_refused_where_it_is_too_long(server: LiveServer) -> None:
    with connect(server, b"GET / HTTP/1.1\r\nX-A: " + b"b" * (connections.LONGEST_HEAD_BYTES + 1)) as client:
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 431 ")


@on_one_deployment
@pytest.mark.long
def test_who_stops_in_the_middle_is_cut_off_where_others_wait(server: LiveServer) -> None:
    """A stream of a stranger has one thread of four: the next one is answered when the first has stalled for long."""
    with connect(server, BEGUN["a fetch that began"]), connect(server, BEGUN["a fetch that began"]) as second:
        second.sendall(b"x" * (1_000_000 - HEAD_START_BYTES))
        assert second.recv(1 << 16).startswith(b"HTTP/1.1 ")


@on_one_deployment
@pytest.mark.long
def test_a_head_that_does_not_end_is_refused_in_time(server: LiveServer) -> None:
    with connect(server, BEGUN["a head that does not end"]) as client:
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("status", "again"), [(408, False), (431, False), (503, True)])
def test_what_the_worker_refuses_says_when_to_try_again(status: int, again: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        write_error(ours, status, "Refused", "")
        head, _end, body = theirs.recv(1 << 16).partition(b"\r\n\r\n")
    assert (b"\r\nRetry-After: " in head) == again
    assert html.escape(SENTENCES[status]).encode() in body


@pytest.mark.parametrize(
    ("request_bytes", "media_type", "member"),
    [
        (b"GET /api/v1/projects HTTP/1.1\r\n\r\n", "application/problem+json", "detail"),
        (b"GET /explore HTTP/1.1\r\nAccept: application/json\r\n\r\n", "application/problem+json", "detail"),
        (b"POST /a/b.git/info/lfs/objects/batch HTTP/1.1\r\n\r\n", "application/vnd.git-lfs+json", "message"),
        (b"POST /a/b/git-upload-pack HTTP/1.1\r\n\r\n", "text/plain; charset=utf-8", None),
        (b"GET /a/b.git/info/refs?service=git-upload-pack HTTP/1.1\r\n\r\n", "text/plain; charset=utf-8", None),
        (b"GET /a/b HTTP/1.1\r\nAccept: text/html, */*;q=0.1\r\n\r\n", "text/html; charset=utf-8", None),
    ],
)
def test_a_refused_program_is_told_in_its_own_form(request_bytes: bytes, media_type: str, member: str | None) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        refuse(ours, 503, "Service Unavailable", read_head(request_bytes))
        head, _end, body = theirs.recv(1 << 16).partition(b"\r\n\r\n")
    assert f"\r\nContent-Type: {media_type}\r\n".encode() in head
    assert b"\r\nRetry-After: " in head
    told = json.loads(body)[member] if member else html.unescape(body.decode())
    assert SENTENCES[503] in told


def received(request: bytes) -> Connection:
    """A connection on which this has arrived."""
    ours, theirs = socket.socketpair()
    theirs.sendall(request)
    theirs.close()
    connection = Connection(SimpleNamespace(is_ssl=False), ours, None, None)
    connection.begin_request(idle_seconds=1)
    connection.receive()
    return connection


@pytest.mark.parametrize(
    ("request_bytes", "ready", "whole"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False, False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True, True),
        (b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabc", False, False),
        (b"POST / HTTP/1.1\r\ncontent-length:4\r\n\r\nabcd", True, True),
        (b"POST / HTTP/1.1\r\nContent-Length: 90000\r\n\r\n" + b"x" * HEAD_START_BYTES, True, False),
        (b"POST / HTTP/1.1\r\nContent-Length: 90000\r\nExpect: 100-continue\r\n\r\n", True, False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False, False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True, True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0;a=b\r\nX: y\r\n\r\n", True, True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n99\r\n0\r\n\r\n", False, False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n00A\r\n0\r\n\r\n01234\r\n0\r\n\r\nGET", True, True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n0\r\n\r\n", False, False),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * 20 + b"9\r\n\r\nabc", False, False),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * 20 + b"3\r\n\r\nabc", True, True),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc", False, False),
    ],
)
def test_a_thread_begins_when_enough_has_arrived(request_bytes: bytes, ready: bool, whole: bool) -> None:
    connection = received(request_bytes)
    assert (connection.is_ready(), connection.has_body()) == (ready, whole)
    connection.close()


@pytest.mark.parametrize(
    ("line", "headers", "kinds"),
    [
        ("GET /", "", {STRANGERS}),
        ("GET /", "Cookie: a=b; session=c", set()),
        ("GET /healthz", "", set()),
        ("GET /a/b/raw/main/x", "Authorization: Basic x", {STREAMS}),
        (
            "GET /a/b/archive/main.zip",
            "",
            {STREAMS, ARCHIVES, STRANGERS, OF_STRANGERS[STREAMS], OF_STRANGERS[ARCHIVES]},
        ),
        ("GET http://x/a/b/archive/main.zip?x", "Cookie: session=c", {STREAMS, ARCHIVES}),
        ("GET x:/a/b/archive/main.zip", "Cookie: session=c", {STREAMS, ARCHIVES}),
        ("GET /a/b/%61rchive/main.zip", "Cookie: session=c", {STREAMS, ARCHIVES}),
        ("GET /a/b%2F%73earch/main", "Cookie: session=c", {SEARCHES}),
        ("GET http://[/", "Cookie: session=c", set()),
        ("GET /a/b/commit/123.diff", "Cookie: session=c", {STREAMS}),
        ("GET /a/b/compare/x...y.patch", "Cookie: session=c", {STREAMS, SEARCHES}),
        ("GET /exports/1", "Cookie: session=c", {STREAMS}),
        ("GET /a/b/search/main?q=x", "", {SEARCHES, STRANGERS, OF_STRANGERS[SEARCHES]}),
        ("GET /a/b/blame/main/x", "", {SEARCHES, STRANGERS, OF_STRANGERS[SEARCHES]}),
        ("GET /a/b/compare/x...y", "", {SEARCHES, STRANGERS, OF_STRANGERS[SEARCHES]}),
        ("GET /a/b.git/info/refs?service=x", "", {STREAMS, STRANGERS, OF_STRANGERS[STREAMS]}),
        ("GET /a/b/blob/main/raw/x", "Cookie: session=c", set()),
        ("GET /api/v1/projects", "", {API, STRANGERS, OF_STRANGERS[API]}),
        ("GET /api/v1/projects/a/b/raw/main/x", "Authorization: Bearer x", {API, STREAMS}),
        ("POST /a/b/upload/main", "Cookie: session=c\r\nContent-Length: 5", {STREAMS}),
    ],
)
def test_each_kind_of_request_is_known_by_its_head(line: str, headers: str, kinds: set[str]) -> None:
    connection = received(
        f"{line} HTTP/1.1\r\nHost: x\r\n{headers}{'' if not headers else chr(13) + chr(10)}\r\n".encode()
    )
    connection.head = read_head(connection.received)
    assert claims_of(connection) == kinds
    connection.close()


def test_a_kind_holds_no_more_than_its_share() -> None:
    gate = Gate(8)
    stream = frozenset({STREAMS, STRANGERS, OF_STRANGERS[STREAMS]})
    assert [gate.admit(stream) for _number in range(3)] == [True, True, False]
    assert [gate.admit(frozenset({STREAMS})) for _number in range(3)] == [True, True, False]
    assert gate.admit(frozenset({STRANGERS}))
    gate.leave(stream)
    assert gate.admit(stream)
