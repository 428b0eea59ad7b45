"""How the worker reads a request's head: when a thread begins, whose share it is, and what a refusal says."""

import html
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from math import inf
from time import monotonic
from types import SimpleNamespace

import pytest

from framework.web.errors import SENTENCES
from framework.web.server import starter
from framework.web.server.connections import HEAD_START_BYTES, Connection, read_head
from framework.web.server.gate import (
    API,
    ARCHIVES,
    EVERYBODY,
    OF_STRANGERS,
    PICTURES,
    SEARCHES,
    STRANGERS,
    STREAMS,
    Gate,
    claims_of,
)
from framework.web.server.line import Line
from framework.web.server.refusals import refuse, write_error
from framework.web.server.starter import MOST_YOUNG, Starter
from tests.servers.processes import HANG_SECONDS


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
    while connection.receive():
        pass
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
        ("GET /group/assignments/12/hand-ins.zip", "Cookie: session=c", {STREAMS, ARCHIVES}),
        ("GET /api/v1/groups/g/assignments/12/hand-ins.zip", "Authorization: Bearer t", {API, STREAMS, ARCHIVES}),
        ("GET /api/v1/projects/a/b/links/1/hand-ins.zip", "Authorization: Bearer t", {API, STREAMS, ARCHIVES}),
        ("GET /api/v1/projects/a/b/origin", "Authorization: Bearer t", {API, SEARCHES}),
        ("GET /a/b/search/main?q=x", "", {SEARCHES, STRANGERS, OF_STRANGERS[SEARCHES]}),
        ("GET /a/b/blame/main/x", "", {SEARCHES, STRANGERS, OF_STRANGERS[SEARCHES]}),
        ("GET /a/b/compare/x...y", "", {SEARCHES, STRANGERS, OF_STRANGERS[SEARCHES]}),
        ("GET /a/b/origin", "", {SEARCHES, STRANGERS, OF_STRANGERS[SEARCHES]}),
        ("GET /a/b.git/info/refs?service=x", "", {STREAMS, STRANGERS, OF_STRANGERS[STREAMS]}),
        ("GET /a/b/picture/main/x.jpg", "", {PICTURES, STRANGERS, OF_STRANGERS[PICTURES]}),
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
    assert claims_of(connection) == (kinds | {EVERYBODY} if "healthz" not in line else set())
    connection.close()


def test_a_kind_holds_no_more_than_its_share() -> None:
    gate, entered = Gate(8), list[bool]()
    stream = frozenset({STREAMS, STRANGERS, OF_STRANGERS[STREAMS]})
    for claims in [stream] * 3 + [frozenset({STREAMS})] * 3 + [frozenset({STRANGERS})]:
        entered.append(gate.has_place(claims))
        if entered[-1]:
            gate.enter(claims)
    assert entered == [True, True, False, True, True, False, True]
    gate.leave(stream)
    assert gate.has_place(stream)


def test_no_more_requests_are_answered_than_there_are_threads() -> None:
    gate, signed_in = Gate(4), frozenset({EVERYBODY})
    for _request in range(4):
        assert gate.has_place(signed_in)
        gate.enter(signed_in)
    assert not gate.has_place(signed_in)
    assert gate.has_place(frozenset()), "whoever asks for the process's health"


def test_whoever_waits_is_let_in_in_turn_and_who_has_left_comes_last() -> None:
    gate, kinds = Gate(8), (frozenset({STREAMS}), frozenset({API}))
    line = Line(gate)
    with ExitStack() as open_ones:
        pairs = [[open_ones.enter_context(end) for end in socket.socketpair()] for _number in range(6)]
        waiting = [Connection(SimpleNamespace(is_ssl=False), ours, None, None) for ours, _theirs in pairs]
        for number, connection in enumerate(waiting):
            connection.claims = kinds[number % 2]
            line.join(connection)
        for claims, count in zip(kinds, (4, 5), strict=True):
            for _number in range(count):
                gate.enter(claims)
        assert list(line.admit()) == [waiting[1]]
        gate.leave(kinds[0])
        pairs[0][1].close()
        assert list(line.admit()) == [waiting[2]]
        for _number in range(2):
            gate.leave(kinds[0])
        assert list(line.admit()) == [waiting[4], waiting[0]]
        assert list(line) == [waiting[3], waiting[5]]
        for connection in waiting:
            connection.close()


@pytest.fixture
def crowd() -> Iterator[list[Connection]]:
    """Connections with one more than may begin at the same time, and another."""
    with ExitStack() as open_ones:
        pairs = [[open_ones.enter_context(end) for end in socket.socketpair()] for _number in range(MOST_YOUNG + 2)]
        made = [Connection(SimpleNamespace(is_ssl=False), ours, None, None) for ours, _theirs in pairs]
        yield made
        for connection in made:
            connection.close()


def start_all(crowd: list[Connection], monkeypatch: pytest.MonkeyPatch) -> tuple[Starter, list[Connection]]:
    """What was asked to start all of them, while none grows old, and those that have begun."""
    monkeypatch.setattr(starter, "YOUNG_SECONDS", HANG_SECONDS)
    begun = list[Connection]()
    starts = Starter(begun.append)
    for connection in crowd:
        starts.start(connection)
    return starts, begun


def test_few_requests_begin_at_a_time_and_each_that_ends_lets_the_next_begin(
    crowd: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, begun = start_all(crowd, monkeypatch)
    assert begun == crowd[:MOST_YOUNG]
    assert 0 < starts.seconds_to_next() <= HANG_SECONDS
    starts.end(crowd[1])
    assert begun == crowd[: MOST_YOUNG + 1]
    starts.end(crowd[0])
    assert begun == crowd
    assert starts.seconds_to_next() == inf


def test_a_request_that_lasts_leaves_its_turn_to_the_next(
    crowd: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, begun = start_all(crowd, monkeypatch)
    monkeypatch.setattr(starter, "YOUNG_SECONDS", 0)
    starts.start_due()
    assert begun == crowd
    starts.end(crowd[0])  # whose turn was over already
    assert begun == crowd


def test_a_thread_that_stays_with_its_client_leaves_its_turn_to_the_next(
    crowd: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, begun = start_all(crowd, monkeypatch)
    crowd[1].answering_since = None  # its thread asks next whether somebody waits
    assert starts.has_waiting()
    starts.start_due()
    assert begun == crowd[: MOST_YOUNG + 1]
    assert starts.seconds_to_next() > 0
    for connection in crowd[:MOST_YOUNG]:
        starts.end(connection)
    assert begun == crowd
    assert not starts.has_waiting()


def test_the_next_request_of_a_client_whose_thread_had_stayed_takes_a_turn_again(
    crowd: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, begun = start_all(crowd[:MOST_YOUNG], monkeypatch)
    crowd[0].answering_since = None
    starts.end(crowd[0])
    starts.start(crowd[0])
    starts.start(crowd[MOST_YOUNG])
    assert begun == [*crowd[:MOST_YOUNG], crowd[0]]
    assert starts.has_waiting()


def test_a_request_that_a_thread_takes_itself_counts_as_one_that_begins(
    crowd: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, begun = start_all(crowd[:MOST_YOUNG], monkeypatch)
    starts.start(crowd[MOST_YOUNG])
    crowd[0].answering_since = None
    starts.start_due()
    crowd[0].answering_since = monotonic()
    starts.start(crowd[MOST_YOUNG + 1])
    assert begun == crowd[: MOST_YOUNG + 1]
    assert 0 < starts.seconds_to_next() <= HANG_SECONDS
    starts.end(crowd[1])
    assert begun == crowd[: MOST_YOUNG + 1]
