"""What several threads ask for at the same moment is done once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import pytest

from framework import single_flight
from framework.single_flight import SingleFlight
from tests.servers.processes import HANG_SECONDS

OTHERS = 4


class Work:
    """Ends as it is told, once the others wait for it."""

    def __init__(self, end: Callable[[], str]) -> None:
        self._end, self.begun, self.go_on, self.times = end, threading.Event(), threading.Event(), 0

    def __call__(self) -> str:
        self.times += 1
        self.begun.set()
        assert self.go_on.wait(HANG_SECONDS)
        return self._end()


def ask_at_once(end: Callable[[], str]) -> tuple[Work, list[Future[str]]]:
    """The work, and what it came to for whoever asked for it first and for the others."""
    flights, work = SingleFlight[str, str](), Work(end)
    with ThreadPoolExecutor(1 + OTHERS) as pool:
        asked = [pool.submit(flights.do, "page", work)]
        assert work.begun.wait(HANG_SECONDS)
        flight = flights._flights["page"]
        asked += [pool.submit(flights.do, "page", work) for _other in range(OTHERS)]
        while len(flight._condition._waiters) < OTHERS:  # type: ignore[attr-defined]
            threading.Event().wait(0.01)
        assert flights.do("another page", lambda: "not kept waiting") == "not kept waiting"
        work.go_on.set()
    assert not flights._flights
    return work, asked


def test_it_is_done_once_for_all_who_ask_meanwhile() -> None:
    work, asked = ask_at_once(lambda: "made")
    assert [one.result() for one in asked] == ["made"] * (1 + OTHERS)
    assert work.times == 1


def test_who_waits_does_so_within_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = list[str]()

    @contextmanager
    def aside() -> Iterator[None]:
        steps.append("aside")
        yield
        steps.append("back")

    monkeypatch.setattr(single_flight, "_waiting", nullcontext)
    single_flight.wait_within(aside)
    work, asked = ask_at_once(lambda: "made")
    assert [one.result() for one in asked] == ["made"] * (1 + OTHERS)
    assert steps == ["aside"] * OTHERS + ["back"] * OTHERS
    assert work.times == 1


def test_a_failure_is_everyones() -> None:
    work, asked = ask_at_once(lambda: str(1 // 0))
    for one in asked:
        with pytest.raises(ZeroDivisionError):
            one.result()
    assert work.times == 1


def test_a_thread_that_is_told_to_end_ends_alone() -> None:
    ends = iter([SystemExit])

    def end() -> str:
        for ended in ends:
            raise ended
        return "made by another"

    work, asked = ask_at_once(end)
    assert [one.result() for one in asked[1:]] == ["made by another"] * OTHERS
    assert isinstance(asked[0].exception(), SystemExit)
    assert work.times > 1
