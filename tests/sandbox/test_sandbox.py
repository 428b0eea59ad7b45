"""Work in a child process: ended where it takes too much, done once, and no harm to what follows it."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from framework.sandbox import sandbox as rooms
from framework.sandbox.memory import ENTRY_BYTES, Memory
from framework.sandbox.sandbox import Busy, Sandbox, TooCostly
from tests.sandbox import work


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox for the work of these tests."""
    made = Sandbox("tests.sandbox.work")
    yield made
    made.stop()


def test_what_comes_of_the_work_is_returned_and_remembered(sandbox: Sandbox) -> None:
    first = sandbox.call("who", work.process_id)
    assert first not in {os.getpid(), sandbox.call("who else", work.process_id)}
    assert sandbox.call("who", work.process_id) == first


def test_work_that_takes_too_much_time_is_ended_and_not_tried_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "LIMITS", replace(rooms.LIMITS, cpu_seconds=0.2))
    prepared: list[str] = []
    for _time in range(2):
        with pytest.raises(TooCostly):
            sandbox.call("endless", work.endless, prepare=lambda: prepared.append("prepared"))
    assert prepared == ["prepared"]
    assert sandbox.call("after", work.doubled, 21) == 42


def test_work_that_takes_too_much_memory_is_ended(sandbox: Sandbox) -> None:
    with pytest.raises(TooCostly):
        sandbox.call("large", work.large, 2 * rooms.LIMITS.memory_bytes)
    assert sandbox.call("small", work.large, 1 << 20) == 1 << 20


def test_an_outcome_may_not_be_larger_than_what_is_remembered(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "LONGEST_OUTCOME_BYTES", 10_000)
    with pytest.raises(TooCostly):
        sandbox.call("long", work.text, 1_000_000)


@pytest.mark.parametrize("kind", [ValueError, KeyError, SystemExit, RecursionError])
def test_work_that_fails_is_told_as_too_costly(sandbox: Sandbox, kind: type[BaseException]) -> None:
    with pytest.raises(TooCostly):
        sandbox.call(kind.__name__, work.failing, kind)


def test_who_is_late_by_the_clock_is_tried_again(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr(rooms, "LIMITS", replace(rooms.LIMITS, seconds=0.1))
        with pytest.raises(Busy):
            sandbox.call("sleeping", work.asleep, 60)
    assert sandbox.call("sleeping", work.asleep, 0) == 0


def test_a_server_that_was_killed_is_started_again(sandbox: Sandbox) -> None:
    server = sandbox.call("parent", work.parent_id)
    os.kill(server, signal.SIGKILL)
    sandbox.wait()
    assert sandbox.call("parent again", work.parent_id) != server


def test_the_server_ends_with_who_started_it() -> None:
    made = Sandbox("tests.sandbox.work")
    server = made.call("parent", work.parent_id)
    os.kill(server, signal.SIGTERM)  # a host sends it to each process, and answers go on for a while
    assert made.call("parent again", work.parent_id) == server
    made.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_what_many_want_is_made_once(sandbox: Sandbox) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(sandbox.call("shared", work.process_id))) for _number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_memory_is_bounded_by_what_was_used_last() -> None:
    memory = Memory(2 * (ENTRY_BYTES + 10))
    made: list[bytes] = []

    def get(key: bytes) -> None:
        memory.get(key, lambda: made.append(key) or b"x" * 10, wait_seconds=1)  # type: ignore[func-returns-value]

    for key in (b"a", b"b", b"a", b"c", b"a", b"b"):
        get(key)
    assert made == [b"a", b"b", b"c", b"b"]


def test_a_server_that_cannot_be_started_is_busy(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Sandbox("tests.sandbox.work")
    with monkeypatch.context() as without:
        without.setattr(sys, "executable", "/no/python")
        with pytest.raises(Busy):
            made.call("who", work.process_id)
    assert made.call("who", work.process_id) != os.getpid()
    made.stop()
