"""What workers and schedulers log: one line each, as text or JSON, with the ids of the task and of its request.

The lines go to the terminal, and with `LOG_FOLDER` into `celery.log` (all of them) and `tasks.log` (those of tasks).
"""

import json
import logging
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from celery import current_task
from celery.signals import after_setup_logger, after_setup_task_logger

from framework import config
from framework.metrics import request_id

ALL, TASKS = "celery.log", "tasks.log"
NOBODY = "-"


class Lines(logging.Formatter):
    """Has one line for each record, whatever stands in it: line breaks in a message are written as escapes."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._write = _as_json if form == "json" else _as_text

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        told = record.getMessage()
        if record.exc_info:
            told = f"{told}\n{self.formatException(record.exc_info)}"
        return self._write(
            {
                "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname,
                "logger": record.name,
                "process": record.process,
                "task": _task_of(record),
                "request": request_id.current() or NOBODY,
                "message": told,
            }
        )


def _task_of(record: logging.LogRecord) -> str:
    """The id of the task that runs here, or that Celery's own line tells of."""
    told: Any = getattr(record, "data", None)
    running = current_task.request.id if current_task else None
    return str(running or (told.get("id") if isinstance(told, dict) else None) or NOBODY)


def _as_json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _as_text(facts: dict[str, Any]) -> str:
    message = str(facts["message"]).replace("\r", "\\r").replace("\n", "\\n")
    return "{at} {level} {process} task={task} request={request} {logger}: ".format(**facts) + message


def _prepare(logger: logging.Logger, *files: str) -> None:
    settings = config.current()
    for name in files if settings.log_folder else ():
        logger.addHandler(_file(settings.log_folder / name))  # type: ignore[operator]
    for handler in logger.handlers:
        handler.setFormatter(Lines(settings.log_format))


def _file(path: Path) -> logging.Handler:
    """A file that may be moved away while it is written to, as logrotate does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return WatchedFileHandler(path, encoding="utf-8")


@after_setup_logger.connect
def prepare_all(logger: logging.Logger, **_more: object) -> None:
    """Have every logger write such lines."""
    _prepare(logger, ALL)


@after_setup_task_logger.connect
def prepare_tasks(logger: logging.Logger, **_more: object) -> None:
    """Have the loggers of tasks (`get_task_logger`) write such lines, which do not reach the others' handlers."""
    _prepare(logger, ALL, TASKS)
