"""Slow clients wait in the worker's loop, and hold no thread; those that hold one leave room for everybody else."""

import json
import re
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from framework import config
from framework.accounts.signin.tokens import create_token
from framework.projects.lifecycle.operations import create_project
from framework.repositories.cache import locks
from framework.repositories.cache.eviction import evict, lock_path
from framework.web.server import connections
from framework.web.server.connections import HEAD_START_BYTES
from framework.web.server.line import MOST_WAITING
from tests.cast import PASSWORD, new_account
from tests.servers.application import deployments
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

THREADS = 4
SLOW = 200
DEAF = 20
"""Each has the server answer some twenty times before the kernel's buffers are full, and others wait for their turn."""
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
    "answers that nobody reads": b"GET /static/built/editor.js HTTP/1.1\r\nHost: x\r\n\r\n" * 80,
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
        alice = new_account("alice")
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
    """So many slow connections, or deaf ones."""
    with ExitStack() as open_ones:
        count = SLOW if reads else DEAF
        yield [open_ones.enter_context(connect(server, begun, reads=reads)) for _number in range(count)]


def ask(server: LiveServer, path: str, posted: bytes | None = None, **headers: str) -> int:
    """The status of the answer to somebody else."""
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port or 0, timeout=HANG_SECONDS)
    try:
        connection.request("POST" if posted else "GET", path, posted, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("kind", BEGUN)
def test_slow_clients_keep_nobody_from_a_page(server: LiveServer, kind: str) -> None:
    with many(server, BEGUN[kind], reads="reads" not in kind):
        assert ask(server, "/healthz") == 200
        assert ask(server, "/login") == 200
        assert ask(server, "/alice/open") == 200


def test_a_crowd_of_fetches_takes_no_place_in_the_line_for_pages(server: LiveServer) -> None:
    fetch = BEGUN["a fetch that began"]
    with many(server, fetch), many(server, fetch), many(server, fetch), ThreadPoolExecutor(SLOW // 10) as people:
        assert set(people.map(lambda _number: ask(server, "/login"), range(SLOW))) == {200}


def test_strangers_streams_leave_threads_for_those_of_people(server: LiveServer) -> None:
    with many(server, BEGUN["a fetch that began"]):
        address = "/alice/open.git/info/refs?service=git-upload-pack"
        assert ask(server, address, Authorization="Basic YWxpY2U6eA==") == 200
        assert ask(server, "/alice/open") == 200


def test_a_crowd_that_waits_for_one_page_keeps_nobody_from_another(server: LiveServer) -> None:
    carla = new_account("carla")
    cold = create_project(carla, name="cold", description="", visibility="public")
    put = {"op": "put", "path": "notes.txt", "content": "1"}
    commit = json.dumps({"branch": "main", "message": "Notes", "operations": [put]}).encode()
    laptop = {"Authorization": f"Bearer {create_token(carla.id, 'laptop', ['write'])}"}
    headers = laptop | {"Content-Type": "application/json"}
    assert ask(server, "/api/v1/projects/carla/cold/commits", commit, **headers) == 201
    assert evict(cold.repository_id)
    with ExitStack() as open_ones:
        with locks.lock_exclusive(lock_path(cold.repository_id, "update")):
            asked = b"GET /carla/cold HTTP/1.0\r\nHost: localhost\r\n\r\n"
            crowd = [open_ones.enter_context(connect(server, asked)) for _reader in range(1 + THREADS)]
            assert ask(server, "/login") == 200
        for reader in crowd:
            assert b"notes.txt" in b"".join(iter(partial(reader.recv, 1 << 16), b""))


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


@pytest.mark.parametrize("path", ["/api/v1/projects/alice/open/commits", "/alice/a.git/git-receive-pack"])
def test_who_sends_a_large_body_to_its_end_hears_the_refusal(server: LiveServer, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port or 0, timeout=HANG_SECONDS)
    connection.request("POST", path, b"x" * (64 << 20))
    assert connection.getresponse().status == 401
    connection.close()


@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"-5\r\nabc\r\n0\r\n\r\n", b"3\r\nabcXX", b"5\r\nabc"])
@pytest.mark.parametrize("request_line", BODIES)
def test_chunks_that_are_none_are_refused(server: LiveServer, request_line: str, chunks: bytes) -> None:
    head = f"POST {request_line} HTTP/1.1\r\n{BODIES[request_line]}\r\nAuthorization: Basic {BASIC}\r\n"
    with connect(server, f"{head}Host: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 400 ")


def test_who_ends_the_sending_side_while_waiting_is_answered(server: LiveServer) -> None:
    begun = b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"
    with ExitStack() as open_ones:
        clients = [open_ones.enter_context(connect(server, begun)) for _number in range(SLOW)]
        for client in clients:
            client.shutdown(socket.SHUT_WR)
        for client in clients:
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 400 ")


def test_who_has_left_keeps_no_place_in_the_line(server: LiveServer) -> None:
    begun = BEGUN["a fetch that began"]
    with connect(server, begun) as first:
        for _number in range(MOST_WAITING):
            connect(server, begun).close()
        with connect(server, begun) as last:
            assert ask(server, "/healthz") == 200  # so all of them have been seen
            first.close()
            last.sendall(b"x" * (1_000_000 - HEAD_START_BYTES))
            assert b" 503 " not in last.recv(1 << 16).split(b"\r\n")[0]


def test_requests_follow_each_other_on_one_connection(server: LiveServer) -> None:
    form = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"
    chunks = b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"
    with connect(server, form + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        assert statuses(client, 2) == [400, 200]
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        client.sendall(b"Host: x\r\n\r\n")
        assert statuses(client, 1) == [200]
        client.sendall(b"GET /alice/open HTTP/1.1\r\nHost: x\r\n\r\n")
        assert statuses(client, 1) == [200]
        client.sendall(chunks)
        assert statuses(client, 1) == [400]
    with connect(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        assert statuses(client, 1) == [200]
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert statuses(client, 1) == [200]
        assert client.recv(1) == b""


def test_whoever_asks_without_a_pause_keeps_nobody_from_a_page(server: LiveServer) -> None:
    """Each in turn asks on an own connection as soon as it is answered; they are more than there are threads."""
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    is_over = threading.Event()

    def ask_on(client: socket.socket) -> set[int]:
        found = set()
        while not is_over.is_set():
            client.sendall(asked)
            found.update(statuses(client, 1))
        return found

    with ExitStack() as open_ones, ThreadPoolExecutor(2 * THREADS) as people:
        clients = [open_ones.enter_context(connect(server)) for _number in range(2 * THREADS)]
        busy = [people.submit(ask_on, client) for client in clients]
        try:
            assert [ask(server, "/alice/open") for _number in range(SLOW // 10)] == [200] * (SLOW // 10)
        finally:
            is_over.set()
        assert [one.result() for one in busy] == [{200}] * len(busy)


def statuses(client: socket.socket, count: int) -> list[int]:
    """The statuses of the next answers, each of which ends as its length says."""
    found = []
    for _number in range(count):
        with client.makefile("rb", buffering=0) as file:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = file.read(1)
                assert byte, head
                head += byte
            length = re.search(rb"(?i)content-length: (\d+)", head)
            assert length
            left = int(length[1])
            while left:
                left -= len(file.read(left))
        found.append(int(head.split()[1]))
    return found


def test_a_head_without_an_end_is_refused_where_it_is_too_long(server: LiveServer) -> None:
    with connect(server, b"GET / HTTP/1.1\r\nX-A: " + b"b" * (connections.LONGEST_HEAD_BYTES + 1)) as client:
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 431 ")


@pytest.mark.long
def test_who_stops_in_the_middle_is_cut_off_where_others_wait(server: LiveServer) -> None:
    """A stream of a stranger has one thread of four: the next one is answered when the first has stalled for long."""
    with connect(server, BEGUN["a fetch that began"]), connect(server, BEGUN["a fetch that began"]) as second:
        second.sendall(b"x" * (1_000_000 - HEAD_START_BYTES))
        assert second.recv(1 << 16).startswith(b"HTTP/1.1 ")


@pytest.mark.long
def test_a_head_that_does_not_end_is_refused_in_time(server: LiveServer) -> None:
    with connect(server, BEGUN["a head that does not end"]) as client:
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
