"""Opening a project's local copy for a person; the first visit after a long rest is news to who takes part."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from framework.projects.core.access import ProjectAccess
from framework.projects.notify import wakeups
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import hold_copy, read_copy
from framework.repositories.catalog.pack_records import HISTORY

Result = TypeVar("Result")


def read_project(access: ProjectAccess, act: Callable[[Copy], Result], kind: str = HISTORY) -> Result:
    """What `act` makes of the project's opened copy, for the person whose access this is; see `read_copy`.

    Raises:
        What `read_copy` and `act` raise.
    """
    note_visit(access)
    return read_copy(access.repository_id, act, kind)


def hold_project(access: ProjectAccess, act: Callable[[Copy], Result], kind: str = HISTORY) -> tuple[Result, ExitStack]:
    """The same, with the copy held open for what is still to be streamed; the caller closes it."""
    note_visit(access)
    return hold_copy(access.repository_id, act, kind)


def note_visit(access: ProjectAccess) -> None:
    """Write that somebody has opened a project that was archived for being idle; any other costs nothing."""
    if access.idle_since:
        wakeups.note(access.id, access.visitor_id)
