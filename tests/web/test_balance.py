"""Workers know of each other how many connections they hold."""

import os
from collections.abc import Iterator

import pytest

from framework.web.server import balance

OURS, ANOTHER = 61, 62
"""Ages that no worker of a test's server reaches."""


@pytest.fixture(autouse=True)
def _workers_leave() -> Iterator[None]:
    yield
    for age in (OURS, ANOTHER):
        balance.leave(age)


def tell_from_another_process(connections: int) -> None:
    child = os.fork()
    if child == 0:
        balance.tell_held(ANOTHER, connections)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_worker_leaves_connections_to_one_that_holds_fewer() -> None:
    balance.tell_held(OURS, 3)
    assert not balance.holds_more_than_another(OURS), "it is alone"
    for held, is_fewer in ((2, True), (3, False), (4, False), (0, True)):
        tell_from_another_process(held)
        assert balance.holds_more_than_another(OURS) is is_fewer, held
    balance.leave(ANOTHER)
    assert not balance.holds_more_than_another(OURS), "the other has ended"
