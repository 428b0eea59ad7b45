"""Where Celery finds a task's status and result: in the task's row of the outbox, whichever broker there is."""

import json
from typing import Any

from celery import states
from celery.backends.base import BaseBackend

from framework.celery.models import OutboxRow
from framework.celery.outbox import FAILED, FINISHED, RUNNING
from framework.database.session import read_transaction

_STATUS = {RUNNING: states.STARTED, FINISHED: states.SUCCESS, FAILED: states.FAILURE}


class OutboxBackend(BaseBackend):
    """Reads the outbox; tasks write their own rows, in `framework.celery.task`."""

    def _store_result(self, *_arguments: object, **_options: object) -> None:
        pass

    def _get_task_meta_for(self, task_id: str) -> dict[str, Any]:
        with read_transaction() as session:
            row = session.get(OutboxRow, task_id)
        if row is None:
            return {"task_id": task_id, "status": states.PENDING, "result": None}
        status = _STATUS.get(row.state) or (states.RETRY if row.result else states.PENDING)
        result = json.loads(row.result) if row.result and status != states.STARTED else None
        return self.meta_from_decoded(
            {"task_id": task_id, "status": status, "result": result, "date_done": row.finished_at}
        )
