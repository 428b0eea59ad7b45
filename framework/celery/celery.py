"""The Celery application: `celery -A framework.celery.celery worker -l info` starts a worker.

Its settings stand in `celeryconfig.py` in the project's root; the rooms name their task modules, none is imported here.
"""

from celery import Celery

app = Celery("holdfast", task_cls="framework.celery.task:OutboxTask")
app.config_from_object("celeryconfig")
celery = app
