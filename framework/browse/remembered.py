"""Pages of a project's files, rendered once for all who see the same of the same version.

Access is checked before anything here is asked. The key of a page names its version and everything of the project that
it shows; what differs between readers of one role is filled in.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from flask import Flask, Response, g, render_template, request, session
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.signin.login import current_account
from framework.database.session import refuse_held_connection
from framework.formatting import format_age
from framework.lru import LRUCache
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import note_visit, read_topbar
from framework.repositories.cache import copies
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import read_copy
from framework.repositories.cache.status import is_cold, refuse_outdated_page
from framework.repositories.catalog.pack_records import HISTORY
from framework.sandbox.shortfall import watch_shortfall
from framework.single_flight import SingleFlight
from framework.uploads.skipped import read_skipped
from framework.web.remembered import store
from framework.web.remembered.identity import read_identity
from framework.web.remembered.recording import AGE, FRAME, TOKEN, Recorded, record
from framework.web.remembered.validator import answer_unchanged, find_confirmed, tag_page

REMEMBERED_FRAMES = 512

Page = TypeVar("Page")


@dataclass(frozen=True)
class View(Generic[Page]):
    """How a page is made: `read` from a copy of this kind, then rendered, or answered otherwise, when nothing is open.

    `options` are what it depends on beside its address without the query, its version, the project and the caller's
    role. Only complete pages are remembered, for whoever has whatever `patience`; nobody waits for what is made with
    another one.
    """

    read: Callable[[Copy], Page]
    render: Callable[[Page], AnyResponse | str]
    options: object = ()
    kind: str = HISTORY
    is_complete: Callable[[Page], bool] = lambda _page: True
    patience: object = None


def show(access: ProjectAccess, view: View[Page]) -> AnyResponse:
    """The page for this caller: confirmed where the browser has it, filled in where it was rendered before, else made.

    Raises:
        What the view's functions and `read_copy` raise; DatabaseBehind for a remembered page, too.
    """
    note_visit(access)
    frame = Frame(access)
    key = _digest(_describe(access), view.options)
    digest = _digest(key, frame.state)
    confirmed = None if frame.is_passing else find_confirmed(digest)
    if confirmed:
        _use_copy(access)
        return answer_unchanged(confirmed)
    found = _recall(access, key)
    is_lasting = found is not None
    if found is None:
        made = _make_once(access, view, key)
        if not isinstance(made, Made):
            return made
        found, is_lasting = made.page, made.is_lasting
    response = Response(found.fill(frame.fillers), content_type="text/html; charset=utf-8")
    return tag_page(response, digest, found.moments) if is_lasting and not frame.is_passing else response


@dataclass(frozen=True)
class Made:
    """A page that was rendered just now; it is lasting if it is complete, and of the version that its key names.

    Another page is not tagged either: a browser would be told that it still is what the next look makes better.
    """

    page: Recorded
    is_lasting: bool


class Frame:
    """What is around the body of a page for this request; `is_passing` when it tells something that is told once."""

    def __init__(self, access: ProjectAccess) -> None:
        self._access = access
        g.was_cold = is_cold(access.repository_id)
        self._has_messages = "_flashes" in session
        self.is_passing: bool = g.was_cold or self._has_messages

    @cached_property
    def state(self) -> tuple[object, ...]:
        """Everything that it depends on."""
        account, access = current_account(), self._access
        skipped = read_skipped(access)
        if account and "csrf_token" not in session:
            generate_csrf()
        token, path = session.get("csrf_token"), "" if account and not skipped else request.full_path
        return account, read_topbar(), skipped, token, access.path, access.link_id, access.anonymous, path

    @property
    def fillers(self) -> dict[str, Callable[[str], str | bytes]]:
        """What fills the gaps of a page."""
        return {AGE: _tell_age, TOKEN: lambda _value: generate_csrf(), FRAME: self._render}

    def _render(self, template: str) -> bytes:
        if self._has_messages:
            return self._record(template).fill(self.fillers)
        key = _digest(read_identity(), template, self.state, g.was_cold)
        found = _frames.get(key, None)
        if found is None:
            found = self._record(template)
            _frames.put(key, found)
        return found.fill(self.fillers)

    def _record(self, template: str) -> Recorded:
        with record() as recording:
            return recording.cut(render_template(template, project=self._access))


_frames: LRUCache[str, Recorded | None] = LRUCache(REMEMBERED_FRAMES)


def register(app: Flask) -> None:
    """Give templates `was_cold`, whether the project was in the store only until this request."""
    app.jinja_env.globals["was_cold"] = lambda: g.get("was_cold", False)


_making: SingleFlight[str, Made | None] = SingleFlight()


def _recall(access: ProjectAccess, key: str) -> Recorded | None:
    stored = store.find(key)
    if stored is None:
        return None
    _use_copy(access)
    return Recorded.load(stored)


def _use_copy(access: ProjectAccess) -> None:
    """What `read_copy` would do beside reading: notice a restored database, and note that the copy is used."""
    refuse_outdated_page(access.repository_id, access.entry_hash)
    copies.note_use(access.repository_id)


def _make_once(access: ProjectAccess, view: View[Page], key: str) -> Made | AnyResponse:
    """Make the page and keep it, once for all who ask at the same moment: many do when a project is in the news.

    Whatever else the view answers is changed on its way to a reader, so that each gets their own.
    """
    mine = list[AnyResponse]()

    def make() -> Made | None:
        made = _make(access, view)
        if not isinstance(made, Made):
            mine.append(made)
            return None
        if made.is_lasting:
            store.keep(key, made.page.dump())
        return made

    refuse_held_connection("another request's page")
    return _making.do(_digest(key, view.patience), make) or (mine[0] if mine else _make(access, view))


def _make(access: ProjectAccess, view: View[Page]) -> Made | AnyResponse:
    """Read and render the page, or whatever else the view answers."""
    versions: list[str | None] = []

    def read(copy: Copy) -> Page:
        versions.append(copy.snapshot.entry_hash)
        return view.read(copy)

    with watch_shortfall() as shortfall:
        page = read_copy(access.repository_id, read, view.kind)
        with record() as recording:
            rendered = view.render(page)
    if not isinstance(rendered, str):
        return rendered
    is_lasting = versions[-1] == access.entry_hash and view.is_complete(page) and not shortfall.seen
    return Made(recording.cut(rendered), is_lasting)


def _describe(access: ProjectAccess) -> tuple[object, ...]:
    """What a page may show of the project and the caller's part in it: all that is known, but for who and when."""
    shared = {**vars(access), "visitor_id": None, "updated_at": None, "idle_since": None}
    return read_identity(), request.endpoint, request.environ["PATH_INFO"], shared


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode(errors="surrogateescape")).hexdigest()


def _tell_age(moment: str) -> str:
    return format_age(datetime.fromisoformat(moment))
