"""What the processes of one test run share: a folder, and one server of each kind, started on first demand."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tests.servers.processes import MARK, Process, end_run, note_session

ROOT = Path(__file__).parent.parent.parent
"""The project's folder."""

Facts = dict[str, str]
"""What a client needs to know of a running server."""


@dataclass(frozen=True)
class Run:
    """One run of pytest with all its workers; `owner` is the process id of the one that ends last."""

    folder: Path
    owner: int

    def shared(self, name: str, start: Callable[["Run"], Facts]) -> Facts:
        """The facts of the server of this name, started by whoever asks first."""
        self.folder.mkdir(exist_ok=True)
        known = self.folder / f"{name}.json"
        with FileLock(self.folder / f"{name}.lock"):
            if not known.exists():
                self._watch()
                self.data(name).mkdir()
                known.write_text(json.dumps(start(self)))
            return dict(json.loads(known.read_text()))

    def number(self, name: str) -> int:
        """A number that nobody else of this run gets under this name, from 1 on."""
        self.folder.mkdir(exist_ok=True)
        kept = self.folder / f"{name}.number"
        with FileLock(self.folder / f"{name}.number.lock"):
            number = int(kept.read_text()) + 1 if kept.exists() else 1
            kept.write_text(str(number))
        return number

    def data(self, name: str) -> Path:
        """The folder of this server's files; removed when the run ends, while logs stay."""
        return self.folder / f"{name}.data"

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Process:
        """Start a process of this run; it sees only this environment besides PATH and a plain locale.

        Its log is its own, whatever ran under this name before: names hold ports, and a port comes back.
        """
        base = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        log = self._logs_of(name) / f"{self.number('process')}.log"
        process = Process(command, log=log, environment={**base, **(environment or {}), MARK: str(self.folder)})
        note_session(self.folder, process.pid)
        return process

    def logs(self, name: str) -> list[Path]:
        """The logs of all processes that were started under this name."""
        return list(self._logs_of(name).glob("*.log"))

    def end(self) -> None:
        """End every process of the run and remove the servers' files."""
        end_run(self.folder)
        for data in self.folder.glob("*.data"):
            shutil.rmtree(data, ignore_errors=True)

    def _logs_of(self, name: str) -> Path:
        return self.folder / "logs" / name

    def _watch(self) -> None:
        """Have one watchdog; it alone is without the mark, since it must outlive those that it ends."""
        with FileLock(self.folder / "watchdog.lock"):
            known = self.folder / "watchdog.pid"
            if not known.exists():
                log = self.folder / "logs" / "watchdog.log"
                command = [sys.executable, "-m", "tests.servers.watchdog", str(self.owner), str(self.folder)]
                process = Process(command, log=log, environment={"PYTHONPATH": str(ROOT)})
                known.write_text(str(process.pid))
