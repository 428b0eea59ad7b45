"""What every command does: a refusal is the sentence that a page would show; a job's run by hand is written down."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import click

from framework.celery import schedule
from framework.database.commands import plainly
from framework.errors import HoldfastError
from framework.storage.ownership.refusals import NotOwner

P = ParamSpec("P")


def report_refusals(command: Callable[P, None]) -> Callable[P, None]:
    """Have a command end with a refusal's sentence, or with what the database lacks, instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with plainly():
            try:
                command(*args, **kwargs)
            except NotOwner as refusal:  # the sentence is for people; the reason names the command that helps
                raise click.ClickException(refusal.reason) from refusal

    return run


@contextmanager
def record_manual_run(job: str) -> Iterator[Callable[[object], None]]:
    """Have the doctor and `/admin` know of a run of this scheduled job: its result, which is noted, or its error."""
    try:
        yield lambda result: schedule.note_run(job, result)
    except HoldfastError as error:
        schedule.note_run(job, {"error": f"{type(error).__name__}: {error}"})
        raise
