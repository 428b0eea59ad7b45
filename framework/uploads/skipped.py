"""Files that an upload left out: told on the project's pages until the person has read it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import session

from framework import config
from framework.errors import Invalid
from framework.formatting import format_limit, format_size
from framework.projects.core.access import ProjectAccess

KEY = "skipped"
LISTED, LONGEST_NAME, MOST_PROJECTS = 5, 120, 3
"""What is told has to fit into the session's cookie."""


class SkippedNotTold(Invalid):
    """The field that tells what was left out is not of its form."""

    def __init__(self) -> None:
        super().__init__("The field skipped has to be JSON: an object with files (path, size, why), count and ignored.")


@dataclass(frozen=True)
class Skipped:
    """The files that were not sent: the first few in words, how many, and how many are ignored or junk."""

    files: Sequence[str] = ()
    count: int = 0
    ignored: int = 0

    @classmethod
    def of(cls, text: str) -> "Skipped":
        """What the page's script tells as JSON; nothing is left out where it tells nothing.

        Raises:
            SkippedNotTold: it is not of the form.
        """
        try:
            told: Mapping[str, Any] = json.loads(text or "{}")
            files = [_in_words(**one) for one in told.get("files", [])[:LISTED]]
            return cls(files, max(len(files), int(told.get("count", 0))), int(told.get("ignored", 0)))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise SkippedNotTold from error

    def sentence(self, uploaded: int) -> str:
        """All of it in one sentence, such as `37 uploaded, 1 skipped: a.mp4, 101 MiB, over the limit of 100 MiB`."""
        more = self.count - len(self.files)
        names = "; ".join([*self.files, *([f"and {more:,} more"] if more else [])])
        return f"{uploaded:,} uploaded, {self.count:,} skipped: {names}"


def _in_words(*, path: str, size: int, why: str) -> str:
    limit = config.current().max_file_bytes
    name = path if len(path) <= LONGEST_NAME else f"…{path[-LONGEST_NAME:]}"
    if size > limit:
        return f"{name}, {format_limit(size)}, over the limit of {format_limit(limit)}"
    return f"{name}, {format_size(size)}, {why[: 2 * LONGEST_NAME].rstrip('.')}"


def warn_of_skipped(access: ProjectAccess, skipped: Skipped, uploaded: int) -> None:
    """Tell it on the project's pages until it is dismissed; only the newest of each project."""
    if skipped.count:
        kept = {name: said for name, said in session.get(KEY, {}).items() if name != access.repository_id}
        newest = dict(list(kept.items())[1 - MOST_PROJECTS :])
        session[KEY] = {**newest, access.repository_id: skipped.sentence(uploaded)}


def read_skipped(access: ProjectAccess) -> str | None:
    """What the last upload to the project left out, when it is still to be told."""
    said: str | None = session.get(KEY, {}).get(access.repository_id)
    return said


def dismiss_skipped(access: ProjectAccess) -> None:
    """Tell it no longer."""
    session[KEY] = {name: said for name, said in session.get(KEY, {}).items() if name != access.repository_id}
