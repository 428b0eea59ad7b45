"""The base of every task: its row in the outbox decides whether it runs, and keeps what came of it."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from celery import Task
from celery.exceptions import Ignore, Retry
from celery.result import AsyncResult
from celery.utils.log import get_task_logger

from framework.celery.heartbeat import keep_renewing
from framework.celery.models import OutboxRow
from framework.celery.outbox import FINISHED, enqueue
from framework.celery.worker import runs
from framework.database.session import transaction
from framework.database.types import now
from framework.observability import request_id

log = get_task_logger(__name__)


class OutboxTask(Task[Any, Any]):
    """A task that is sent through the outbox and has its effect recorded there; safe to be delivered twice."""

    abstract = True

    def apply_async(  # type: ignore[override]
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        *,
        task_id: str | None = None,
        countdown: float | None = None,
        eta: datetime | None = None,
        **_options: object,
    ) -> AsyncResult[Any]:
        """Write the task into the outbox and hand it over; `task_id` is its key, `countdown` in seconds.

        Inside a transaction call `enqueue` with its session instead.
        """
        not_before = now() + timedelta(seconds=countdown) if countdown else eta
        with transaction() as session:
            row_id = enqueue(session, self.name, *(args or ()), key=task_id, not_before=not_before, **(kwargs or {}))
        return self.AsyncResult(row_id)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task when its row is due, and say what came of it; a finished one only says it again.

        Raises:
            Ignore: there is nothing to do for this message.
            Retry: the task failed and will run again later.
        """
        row_id = self.request.id
        if self.request.called_directly or self.request.is_eager or row_id is None:
            return self.run(*args, **kwargs)
        row = runs.claim(row_id, runs.place(self.request.hostname or "", os.getppid()))
        if row is None:
            log.info("Nothing to do for %s", row_id)
            raise Ignore
        request_id.follow(row.request_id)
        if row.state == FINISHED:
            return json.loads(row.result or "null")
        value = self._run_claimed(row, args, kwargs)
        runs.finish(row, value)
        return value

    def _run_claimed(self, claimed: OutboxRow, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        try:
            with keep_renewing(lambda: runs.renew(claimed)):
                return self.run(*args, **kwargs)
        except Exception as error:
            delay = _put_off(claimed, error)
            if delay is None:
                raise
            raise Retry(exc=error, when=now() + delay) from error


def _put_off(claimed: OutboxRow, error: Exception) -> timedelta | None:
    """Have a failed run repeated later, as `runs.put_off`; one that lasted too long has been repeated already.

    Raises:
        Ignore: another run has taken the task over.
    """
    try:
        return runs.put_off(claimed, error)
    except runs.TakenOver as taken:
        log.warning("A run of %s failed after another one had taken it over: %s", claimed.id, error)
        raise Ignore from taken
