"""What every process logs: one line each, as text or JSON, with the ids of the request and of the task.

The lines go to the terminal, and with `LOG_FOLDER` into files there, too: `web.log`, and of workers and schedulers
`celery.log` (all of them) and `tasks.log` (those of tasks).
"""

import json
import logging
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from celery import current_task

from framework import config
from framework.config import Config
from framework.observability import process_id, request_id
from framework.observability.foreseen import in_a_line, is_foreseen

logging.logProcesses = False  # each record would ask the system for what the lines tell by themselves

WEB, ALL, TASKS = "web.log", "celery.log", "tasks.log"
NOBODY = "-"


class Lines(logging.Formatter):
    """Has one line for each record, whatever stands in it: line breaks in a message are written as escapes."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._write = _as_json if form == "json" else _as_text

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        told = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        if error and is_foreseen(error):
            told = f"{told}: {in_a_line(error)}"
        elif record.exc_info:
            told = f"{told}\n{self.formatException(record.exc_info)}"
        return self._write(
            {
                "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname,
                "logger": record.name,
                "process": process_id.read(),
                "task": _task_of(record),
                "request": request_id.current() or NOBODY,
                "message": told,
            }
        )


def prepare(logger: logging.Logger, *files: str) -> None:
    """Have what the logger's handlers write be such lines, and write them into these files of `LOG_FOLDER`, too."""
    settings = config.current()
    for name in files if settings.log_folder else ():
        logger.addHandler(_file(settings.log_folder / name))  # type: ignore[operator]
    for handler in logger.handlers:
        handler.setFormatter(Lines(settings.log_format))


def of_web(settings: Config) -> dict[str, Any]:
    """How a web server logs, in the form of `logging.config.dictConfig`: its own lines and the application's alike."""
    handlers: dict[str, dict[str, Any]] = {"terminal": {"class": "logging.StreamHandler", "formatter": "lines"}}
    if settings.log_folder:
        settings.log_folder.mkdir(parents=True, exist_ok=True)
        target = {"class": "logging.handlers.WatchedFileHandler", "filename": str(settings.log_folder / WEB)}
        handlers["file"] = {**target, "encoding": "utf-8", "formatter": "lines"}
    return {
        "formatters": {"lines": {"()": Lines, "form": settings.log_format}},
        "handlers": handlers,
        "root": {"level": "INFO", "handlers": list(handlers)},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "alembic": {"level": "WARNING"},
        },
    }


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


def _file(path: Path) -> logging.Handler:
    """A file that may be moved away while it is written to, as logrotate does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return WatchedFileHandler(path, encoding="utf-8")
