"""The base of scheduled tasks: each runs while its message holds the job's lease, and records what came of it."""

from typing import Any

from celery import Task
from celery.exceptions import Ignore
from celery.result import AsyncResult

from framework.celery import schedule
from framework.celery.heartbeat import keep_renewing
from framework.errors import Interrupted
from framework.observability import request_id


class Job(Task[Any, Any]):
    """A task without arguments that `beat_schedule` names."""

    abstract = True

    def apply_async(self, *_arguments: object, **_options: object) -> AsyncResult[Any]:
        """Start the job before its time."""
        return self.AsyncResult(schedule.start_now(schedule.name_of(self.name)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the job.

        Raises:
            Ignore: another run has the lease.
        """
        lease = self.request.id
        if self.request.called_directly or lease is None:
            return self.run(*args, **kwargs)
        request_id.follow(None)
        name = schedule.name_of(self.name)
        if not schedule.renew(name, lease):
            raise Ignore
        return self._run_leased(name, lease)

    def _run_leased(self, name: str, lease: str) -> Any:
        try:
            with keep_renewing(lambda: schedule.renew(name, lease)):
                value = self.run()
        except Interrupted:
            schedule.put_off(name, lease)
            raise
        except Exception as error:
            schedule.record(name, lease, {"error": f"{type(error).__name__}: {error}"})
            raise
        schedule.record(name, lease, value)
        return value
