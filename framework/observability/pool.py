"""Threads that work for somebody: what they log and enqueue bears the id of the request that gave them the work."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from framework.errors import Interrupted
from framework.observability import request_id

P = ParamSpec("P")
T = TypeVar("T")


class Pool(ThreadPoolExecutor):
    """A pool whose threads know, for each piece of work, the request of the thread that submitted it."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Have it done by one of the threads.

        Raises:
            Interrupted: the process is ending, while the thread that asks still answers a request.
        """
        try:
            return super().submit(_run_for_request, request_id.current(), work, args, kwargs)
        except RuntimeError as refusal:
            if "interpreter" not in str(refusal):
                raise
            raise Interrupted from refusal


def _run_for_request(of: str | None, work: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    request_id.follow(of)
    return work(*args, **kwargs)
