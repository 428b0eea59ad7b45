"""The worker program: Celery's, with the scheduler of `-B` as a thread of its main process."""

from typing import Any

from celery import bootsteps
from celery.apps import worker
from celery.worker import WorkController

from framework.celery.scheduler import SchedulerThread


class Beat(bootsteps.StartStopStep):
    """Starts the scheduler after the pool, which is forked before."""

    label = "Beat"
    conditional = True
    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, beat: bool = False, **more: Any) -> None:  # noqa: FBT001, FBT002 # as Celery calls it
        self.enabled = beat
        super().__init__(parent, beat=beat, **more)

    def create(self, _parent: Any) -> SchedulerThread:  # type: ignore[override] # it may return nothing
        """The scheduler, which the worker starts and stops."""
        return SchedulerThread()


class Worker(worker.Worker):
    """What `celery worker` runs."""

    class Blueprint(WorkController.Blueprint):
        """The steps of its start."""

        name = "Worker"
        default_steps = (WorkController.Blueprint.default_steps - {"celery.worker.components:Beat"}) | {
            f"{__name__}:Beat"
        }
