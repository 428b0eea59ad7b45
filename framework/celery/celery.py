"""The Celery application: `celery -A framework.celery.celery worker -l info` starts a worker.

Its settings stand in `celeryconfig.py` in the project's root; the rooms name their task modules, none is imported here.
"""

from functools import cached_property
from typing import Any

from celery import Celery


class Application(Celery):
    """Celery's, with the worker program of ours."""

    @cached_property
    def Worker(self) -> Any:  # noqa: N802 # Celery's name
        """What `celery worker` runs."""
        return self.subclass_with_self("framework.celery.worker.program:Worker")  # type: ignore[arg-type] # a name will do


app = Application("holdfast", task_cls="framework.celery.task:OutboxTask")
app.config_from_object("celeryconfig")
celery = app
