"""Every answer that clients get, and whether an error has the face that its reader can use."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

GIT_WORDS = "text/plain"
PROBLEM = "application/problem+json"
LFS = "application/vnd.git-lfs+json"
PAGE = "text/html"
NAME = "Holdfast"


@dataclass(frozen=True)
class Trouble:
    """Something that should not have been, from and to when it took place (seconds since the epoch)."""

    words: str
    began: float
    ended: float


@dataclass
class Answers:
    """What clients met, noted from many threads."""

    count: int = 0
    throttled: int = 0
    bare: list[Trouble] = field(default_factory=list)
    """Errors without our face, or without the request's id."""
    cut: list[Trouble] = field(default_factory=list)
    """Answers that did not arrive whole; of git, commands that failed."""
    surprises: list[Trouble] = field(default_factory=list)
    """Refusals of what should have been taken, stale pages, wrong bytes: whatever was away, these are faults."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int) -> None:
        """Count an answer."""
        with self._lock:
            self.count += 1
            self.throttled += status == 429

    def complain(self, kind: list[Trouble], words: str, began: float, ended: float) -> None:
        """Keep what was wrong."""
        with self._lock:
            kind.append(Trouble(words, began, ended))


def lacking_face(path: str, headers: Mapping[str, str], text: str) -> str:
    """What an error's answer at this path lacks; empty when its reader can use it."""
    kind = headers.get("Content-Type", "").partition(";")[0]
    lacking = [] if headers.get("X-Request-ID") else ["a request id"]
    expected = _kind_for(path)
    if kind != expected:
        lacking.append(f"{expected} (it is {kind or 'of no kind'})")
    if expected == PAGE and NAME not in text:
        lacking.append("our face")
    if "Traceback" in text:
        lacking.append("words instead of a traceback")
    return ", ".join(lacking)


def _kind_for(path: str) -> str:
    plain = path.partition("?")[0]
    if "/info/lfs/" in plain:
        return LFS
    if plain.endswith(("/info/refs", "/git-upload-pack", "/git-receive-pack")):
        return GIT_WORDS
    return PROBLEM if plain.startswith("/api/") else PAGE
