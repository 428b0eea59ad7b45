"""Workers and schedulers log as every process does, to the terminal and into files of their own."""

import ast
import logging

from celery.app.trace import LOG_RECEIVED, LOG_SUCCESS
from celery.signals import after_setup_logger, after_setup_task_logger

from framework.celery.celery import app
from framework.observability.logs import ALL, TASKS, prepare


class FoundNothing(logging.Filter):
    """Has the lines of scheduled jobs that found nothing to do be of the level DEBUG: there are a thousand a day."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        facts = record.args
        if not isinstance(facts, dict) or not _is_job(facts.get("name")):
            return True
        if record.msg == LOG_RECEIVED or (record.msg == LOG_SUCCESS and _is_nothing(facts["return_value"])):
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
            return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
        return True


def _is_job(name: object) -> bool:
    return any(name == entry["task"] for entry in app.conf.beat_schedule.values())


def _is_nothing(result: object) -> bool:
    """Whether a job's result, in Celery's writing, says that there was nothing to do: None, 0, or zeros only."""
    try:
        value = ast.literal_eval(str(result))
    except (ValueError, SyntaxError):
        return False
    return not any(value.values()) if isinstance(value, dict) else not value


for _name in ("celery.worker.strategy", "celery.app.trace"):
    logging.getLogger(_name).addFilter(FoundNothing())


@after_setup_logger.connect
def prepare_all(logger: logging.Logger, **_more: object) -> None:
    """Have every logger write such lines."""
    prepare(logger, ALL)


@after_setup_task_logger.connect
def prepare_tasks(logger: logging.Logger, **_more: object) -> None:
    """Have the loggers of tasks (`get_task_logger`) write such lines, which do not reach the others' handlers."""
    prepare(logger, ALL, TASKS)
