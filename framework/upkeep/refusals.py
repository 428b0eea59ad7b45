"""Refusals on the command line: the same sentence that a page would show, and a status that is not 0."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click

from framework.errors import HoldfastError

P = ParamSpec("P")


def told_plainly(command: Callable[P, None]) -> Callable[P, None]:
    """Have a command end with a refusal's sentence instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except HoldfastError as refusal:
            raise click.ClickException(refusal.sentence) from refusal

    return run
