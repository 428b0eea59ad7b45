"""Threads beside the requests, and waiting for them."""

import os
import threading

import pytest

from framework.repositories.cache.threads import Threads, wait_for_all
from tests.servers.processes import HANG_SECONDS


def test_settling_waits_for_all_that_was_submitted_and_for_what_that_submits() -> None:
    threads, go_on, done = Threads("test", lambda: 2), threading.Event(), list[str]()

    def first() -> None:
        assert go_on.wait(HANG_SECONDS)
        threads.submit(done.append, "second")
        done.append("first")

    threads.submit(first)
    waiting = threading.Thread(target=wait_for_all)
    waiting.start()
    assert waiting.is_alive()
    go_on.set()
    waiting.join()
    assert sorted(done) == ["first", "second"]
    wait_for_all()


def test_a_failure_is_the_futures() -> None:
    future = Threads("test", lambda: 1).submit(int, "no number")
    wait_for_all()
    with pytest.raises(ValueError, match="no number"):
        future.result()


def test_a_forked_process_has_threads_of_its_own_and_does_not_wait_for_its_parents() -> None:
    threads, go_on = Threads("test", lambda: 1), threading.Event()
    threads.submit(go_on.wait, HANG_SECONDS)
    child = os.fork()
    if child == 0:
        wait_for_all()
        answer = threads.submit(int, "7").result(HANG_SECONDS)
        os._exit(answer)
    go_on.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    wait_for_all()
