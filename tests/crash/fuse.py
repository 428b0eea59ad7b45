"""A fuse: a process kills itself at its n-th point; points are around every store call and SQL statement."""

import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from framework.storage.folder import FolderStore

STORE_CALLS = ("_put", "_fetch", "_read", "_list", "_delete")


class Fuse:
    """Counts points, and at the one that it is set to sends itself SIGKILL; 0 never burns."""

    def __init__(self, burns_at: int) -> None:
        self.points: list[str] = []
        self._burns_at = burns_at

    def point(self, name: str) -> None:
        """One more point is reached."""
        self.points.append(name)
        if len(self.points) == self._burns_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def lay(self) -> None:
        """Put points around every store call and SQL statement that this process makes from now on."""
        event.listen(Engine, "before_cursor_execute", lambda *told: self.point(f"before {_verb(told[2])}"))
        event.listen(Engine, "after_cursor_execute", lambda *told: self.point(f"after {_verb(told[2])}"))
        event.listen(Session, "before_commit", lambda _session: self.point("before COMMIT"))
        event.listen(Session, "after_commit", lambda _session: self.point("after COMMIT"))
        for name in STORE_CALLS:
            setattr(FolderStore, name, self._around(name, getattr(FolderStore, name)))

    def _around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def burning(*given: Any, **named: Any) -> Any:
            self.point(f"before {name}")
            answer = call(*given, **named)
            self.point(f"after {name}")
            return answer

        return burning


def _verb(statement: str) -> str:
    return " ".join(statement.split()[:3])
