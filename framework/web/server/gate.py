"""How many threads each kind of request may hold, so that slow or costly ones leave room for everybody's pages."""

import re
from collections import Counter
from collections.abc import Iterable

from framework.web.server.connections import Connection, Head

EVERYBODY = "everybody"
STREAMS, STRANGERS, API = "streams", "strangers", "api"
ARCHIVES, SEARCHES, PICTURES = "archives", "searches", "pictures"
OF_STRANGERS = {kind: f"{kind} of strangers" for kind in (STREAMS, API, ARCHIVES, SEARCHES, PICTURES)}

SHARES = {EVERYBODY: 1.0, STREAMS: 0.5, API: 0.75, ARCHIVES: 0.2, SEARCHES: 0.25, PICTURES: 0.25, STRANGERS: 0.75}
SHARES |= {OF_STRANGERS[STREAMS]: 0.25, OF_STRANGERS[API]: 0.5, OF_STRANGERS[ARCHIVES]: 0.125}
SHARES |= {OF_STRANGERS[SEARCHES]: 0.125, OF_STRANGERS[PICTURES]: 0.125}
"""The part of a process's threads that requests of a kind may hold together; each request may be of several kinds.

A stream is a request whose body or answer takes as long as its client does: uploads, git, Git LFS, downloads. Archives
take a processor as long as they last, and so does what looks through a history or a version: search, blame,
compare, also with an original.
The page of a folder asks for many pictures at once, and each may have to be drawn.
"""

_HEALTH = re.compile(rb"^/(healthz|readyz)$")
_HAND_INS = (
    rb"^/[^/]+/assignments/[0-9]+/hand-ins\.zip$"
    rb"|^/api/v1/(groups/[^/]+/assignments|projects/[^/]+/[^/]+/links)/[0-9]+/hand-ins\.zip$"
)
_STREAMS = re.compile(
    rb"^/[^/]+/[^/]+\.git(/|$)"
    rb"|^/[^/]+/[^/]+/(raw|archive|export|info|git-upload-pack|git-receive-pack)(/|$)"
    rb"|^/[^/]+/[^/]+/(commit|compare)/.*\.(diff|patch)$"
    rb"|^/exports/|^/settings/data/download$"
    rb"|^/api/v1/projects/[^/]+/[^/]+/(raw|archive)/|" + _HAND_INS,
    re.DOTALL,
)
_ARCHIVES = re.compile(rb"^(/api/v1/projects)?/[^/]+/[^/]+/(archive|export)(/|$)|" + _HAND_INS)
_SEARCHES = re.compile(rb"^(/api/v1/projects)?/[^/]+/[^/]+/(search|find|blame|compare|origin)(/|$)")
_PICTURES = re.compile(rb"^/[^/]+/[^/]+/picture/")
_KINDS = ((STREAMS, _STREAMS), (ARCHIVES, _ARCHIVES), (SEARCHES, _SEARCHES), (PICTURES, _PICTURES))


def claims_of(connection: Connection) -> frozenset[str]:
    """The kinds that the request on this connection is of: one that asks for the process's health has none.

    Whoever sends no credentials is a stranger. Wrong ones are refused before anything else is done.
    """
    head = connection.head
    if head is None or _HEALTH.match(head.path):
        return frozenset()
    kinds = {EVERYBODY, *_kinds(head)}
    if not connection.has_body():
        kinds.add(STREAMS)
    if not head.has_credentials:
        kinds |= {STRANGERS} | {of for kind, of in OF_STRANGERS.items() if kind in kinds}
    return frozenset(kinds)


def _kinds(head: Head) -> Iterable[str]:
    if head.path.startswith(b"/api/"):
        yield API
    for kind, pattern in _KINDS:
        if pattern.match(head.path):
            yield kind


class Gate:
    """Counts who is inside; used by the worker's loop alone."""

    def __init__(self, threads: int) -> None:
        self._most = {kind: max(1, int(threads * share)) for kind, share in SHARES.items()}
        self._inside = Counter[str]()

    def has_place(self, claims: frozenset[str]) -> bool:
        """Whether a request may enter: none of its kinds holds all that it may."""
        return all(self._inside[kind] < self._most[kind] for kind in claims)

    def enter(self, claims: frozenset[str]) -> None:
        """A request begins."""
        self._inside.update(claims)

    def leave(self, claims: frozenset[str]) -> None:
        """The request has ended."""
        self._inside.subtract(claims)
