"""What clients were promised: a line for each change before it is sent, and one for what was answered."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import time
from typing import TextIO

SENT, ACKNOWLEDGED, UNKNOWN, REFUSED = "sent", "acknowledged", "unknown", "refused"


class AnswerLost(Exception):
    """The server could not answer, or its answer did not arrive: what was asked for may have happened or not."""


class Refused(Exception):
    """The server says no to what it should have taken; the text says how."""


@dataclass(frozen=True)
class Change:
    """One change under a title that no other has; `files` are paths with the SHA-256 of what is to be there.

    Kinds: `version` (a commit of that title), `account`, `project`, `share` (of the project, with the person `title`).
    """

    kind: str
    title: str
    project: str = ""
    branch: str = "main"
    files: Mapping[str, str] = field(default_factory=dict)
    is_edit: bool = False


@dataclass
class Entry:
    """A change, and what became of it as far as the client knows; times in seconds since the epoch."""

    change: Change
    state: str = SENT
    began: float = field(default_factory=time)
    ended: float = 0


class Journal:
    """Every change of a run, kept in a file, too, so that it outlives this process."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._lock = file, threading.Lock()
        self.entries: dict[tuple[str, str, str], Entry] = {}

    @contextmanager
    def sending(self, change: Change) -> Iterator[None]:
        """The block sends the change, and ends when it is acknowledged.

        Raises:
            AnswerLost, Refused: as the block did.
        """
        entry = self.entries[change.kind, change.project, change.title] = Entry(change)
        self._write(entry)
        try:
            yield
            entry.state = ACKNOWLEDGED
        except Refused:
            entry.state = REFUSED
            raise
        except AnswerLost:
            entry.state = UNKNOWN
            raise
        finally:
            entry.ended = time()
            self._write(entry)

    def of(self, kind: str, *states: str) -> list[Entry]:
        """The changes of a kind in one of these states, oldest first."""
        with self._lock:
            entries = list(self.entries.values())
        return [entry for entry in entries if entry.change.kind == kind and (not states or entry.state in states)]

    def count(self, state: str) -> int:
        """How many changes are in this state."""
        with self._lock:
            return sum(entry.state == state for entry in self.entries.values())

    def _write(self, entry: Entry) -> None:
        with self._lock:
            self._file.write(json.dumps(asdict(entry)) + "\n")
            self._file.flush()


@contextmanager
def open_journal(path: Path) -> Iterator[Journal]:
    """A journal in this file."""
    with path.open("x") as file:
        yield Journal(file)


def fingerprint(content: bytes) -> str:
    """The content as the journal holds it."""
    return hashlib.sha256(content).hexdigest()
