"""Threads that a process keeps beside its requests, and how to wait until none of them is at work."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, ParamSpec, TypeVar

from framework.observability.pool import Pool

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_at_work: "set[tuple[int, Future[Any]]]" = set()


class Threads:
    """Threads of one kind, made at the first use and anew after a fork.

    `count` says how many they are, when they are made.
    """

    def __init__(self, name: str, count: Callable[[], int]) -> None:
        self._name, self._count = name, count
        self._lock = threading.Lock()
        self._pools: dict[int, Pool] = {}

    def submit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Have it done by one of the threads."""
        future = self._pool().submit(work, *args, **kwargs)
        mine = (os.getpid(), future)
        with _lock:
            _at_work.add(mine)
        future.add_done_callback(lambda _done: _forget(mine))
        return future

    def _pool(self) -> Pool:
        with self._lock:
            if os.getpid() not in self._pools:
                self._pools[os.getpid()] = Pool(self._count(), thread_name_prefix=self._name)
            return self._pools[os.getpid()]


def wait_for_all() -> None:
    """Wait until all that was submitted is done: before the pools of connections that the threads use are closed."""
    while True:
        with _lock:
            running = [future for process_id, future in _at_work if process_id == os.getpid()]
        if not running:
            return
        wait(running)


def _forget(mine: "tuple[int, Future[Any]]") -> None:
    with _lock:
        _at_work.discard(mine)
