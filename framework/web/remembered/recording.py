"""A page as it was rendered once, with gaps for what the next reader sees otherwise.

While a page is recorded, templates leave a mark for each CSRF token, age and part of the frame. A mark holds a secret
that is made for this one rendering and never sent, so nothing that a page shows can be taken for one.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Flask, g, has_app_context
from flask_wtf.csrf import generate_csrf
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from framework.formatting import age_lasts_until, format_age

AGE, FRAME, TOKEN = "age", "frame", "token"
"""The kinds of gaps: a moment in ISO 8601, a template of the frame, and the CSRF token of the session."""


@dataclass(frozen=True)
class Gap:
    """Something that is filled in for each reader."""

    kind: str
    value: str = ""


@dataclass(frozen=True)
class Recorded:
    """A page in parts: HTML as UTF-8, and gaps."""

    parts: Sequence[bytes | Gap]

    def fill(self, fillers: Mapping[str, Callable[[str], str | bytes]]) -> bytes:
        """The page, each gap filled by the function of its kind, which is given its value."""
        return b"".join(part if isinstance(part, bytes) else _fill(part, fillers) for part in self.parts)

    @property
    def moments(self) -> list[datetime]:
        """The moments whose ages are told."""
        gaps = (part for part in self.parts if isinstance(part, Gap))
        return [datetime.fromisoformat(gap.value) for gap in gaps if gap.kind == AGE]

    def dump(self) -> bytes:
        """All of it, for `load`."""
        table = [len(part) if isinstance(part, bytes) else [part.kind, part.value] for part in self.parts]
        head = json.dumps(table).encode()
        return b"".join([len(head).to_bytes(4), head, *(part for part in self.parts if isinstance(part, bytes))])

    @classmethod
    def load(cls, dumped: bytes) -> "Recorded":
        """What `dump` wrote."""
        position = 4 + int.from_bytes(dumped[:4])
        parts: list[bytes | Gap] = []
        for entry in json.loads(dumped[4:position]):
            if isinstance(entry, int):
                parts.append(dumped[position : position + entry])
                position += entry
            else:
                parts.append(Gap(*entry))
        return cls(parts)


@dataclass
class Recording:
    """The gaps that a rendering has left so far."""

    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    gaps: list[Gap] = field(default_factory=list)

    def leave(self, gap: Gap) -> Markup:
        """A mark for this gap."""
        self.gaps.append(gap)
        return Markup("{}:{};").format(self.secret, len(self.gaps) - 1)

    def cut(self, html: str) -> Recorded:
        """The parts of what was rendered."""
        pieces = re.split(rf"{self.secret}:(\d+);", html)
        return Recorded(
            [
                self.gaps[int(piece)] if number % 2 else piece.encode(errors="replace")
                for number, piece in enumerate(pieces)
            ]
        )


def register(app: Flask) -> None:
    """Give templates what leaves a gap while they are recorded."""
    app.jinja_env.filters["ago"] = tell_age
    app.jinja_env.globals.update(csrf_token=give_token, frame=render_frame)


@contextmanager
def record() -> Iterator[Recording]:
    """Have everything that is rendered in the block leave gaps."""
    g.recording = Recording()
    try:
        yield g.recording
    finally:
        g.recording = None


def tell_age(moment: datetime) -> str:
    """How long ago that was; an age that never changes, being a date, leaves no gap."""
    recording = _current()
    if recording is None or age_lasts_until(moment, datetime.now(UTC)) is None:
        return format_age(moment)
    return recording.leave(Gap(AGE, moment.isoformat()))


def give_token() -> str:
    """The CSRF token of a form that is only a button."""
    recording = _current()
    token: str = recording.leave(Gap(TOKEN)) if recording else generate_csrf()
    return token


@pass_context
def render_frame(context: Context, template: str) -> Markup:
    """A part of what is around a page's body, from its template, which sees what the page's own does."""
    recording = _current()
    if recording:
        return recording.leave(Gap(FRAME, template))
    return Markup(context.environment.get_template(template).render(context.get_all()))  # noqa: S704 # escaped there


def _current() -> Recording | None:
    recording: Recording | None = g.get("recording") if has_app_context() else None
    return recording


def _fill(gap: Gap, fillers: Mapping[str, Callable[[str], str | bytes]]) -> bytes:
    filled = fillers[gap.kind](gap.value)
    return filled if isinstance(filled, bytes) else filled.encode()
