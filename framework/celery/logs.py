"""Workers and schedulers log as every process does, to the terminal and into files of their own."""

import logging

from celery.signals import after_setup_logger, after_setup_task_logger

from framework.metrics.logs import ALL, TASKS, prepare


@after_setup_logger.connect
def prepare_all(logger: logging.Logger, **_more: object) -> None:
    """Have every logger write such lines."""
    prepare(logger, ALL)


@after_setup_task_logger.connect
def prepare_tasks(logger: logging.Logger, **_more: object) -> None:
    """Have the loggers of tasks (`get_task_logger`) write such lines, which do not reach the others' handlers."""
    prepare(logger, ALL, TASKS)
