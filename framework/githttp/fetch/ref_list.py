"""The list of refs of protocol version 2, made of what SQL knows: no copy is opened, and no git started.

`git upload-pack` prints the same (gitprotocol-v2(5), ls-refs). It is asked only what an annotated tag points to, which
SQL does not know, and what it said is remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framework.gitcore.pkt_line import FLUSH, pkt
from framework.gitcore.ref_names import HEADS, TAGS
from framework.lru import LRUCache
from framework.repositories.catalog.snapshot import Snapshot

MOST_PREFIXES = 100
"""Of a request that is answered here; one of more is git's."""
REMEMBERED, LONGEST_REMEMBERED_BYTES = 50, 256 << 10

_PREFIX = b"ref-prefix "
_OPTIONS = frozenset({b"command=ls-refs", b"object-format=sha1", b"peel", b"symrefs", b"unborn"})
_OF_THE_CLIENT = (b"agent=", b"session-id=")

_said_by_git = LRUCache[object, bytes | None](REMEMBERED)


@dataclass(frozen=True)
class RefListRequest:
    """What a client wants to know of which refs; of all where there is no prefix."""

    options: frozenset[bytes]
    prefixes: tuple[bytes, ...]

    def answer(self, snapshot: Snapshot) -> bytes | None:
        """The answer for this version; None where git has to be asked."""
        if self._needs_git(snapshot):
            return _said_by_git.get(self._key(snapshot), None)
        return b"".join(pkt(line) for line in self._lines(snapshot)) + FLUSH

    def remember(self, snapshot: Snapshot, answer: bytes) -> None:
        """Remember what git has answered for this version."""
        if len(answer) <= LONGEST_REMEMBERED_BYTES:
            _said_by_git.put(self._key(snapshot), answer)

    def _key(self, snapshot: Snapshot) -> object:
        return self, snapshot.repository_id, snapshot.epoch, snapshot.version, snapshot.entry_hash

    def _needs_git(self, snapshot: Snapshot) -> bool:
        return b"peel" in self.options and any(
            name.startswith(TAGS) and self._matches(name.encode()) for name in snapshot.refs
        )

    def _lines(self, snapshot: Snapshot) -> Sequence[bytes]:
        refs = sorted((name.encode(), sha.encode()) for name, sha in snapshot.refs.items())
        return [*self._head(snapshot), *(b"%s %s\n" % (sha, name) for name, sha in refs if self._matches(name))]

    def _head(self, snapshot: Snapshot) -> Sequence[bytes]:
        sha = snapshot.find_branch(snapshot.default_branch)
        target = b" symref-target:" + (HEADS + snapshot.default_branch).encode() if b"symrefs" in self.options else b""
        if not self._matches(b"HEAD"):
            return []
        if sha is None:
            return [b"unborn HEAD%s\n" % target] if {b"unborn", b"symrefs"} <= self.options else []
        return [b"%s HEAD%s\n" % (sha.encode(), target)]

    def _matches(self, name: bytes) -> bool:
        return not self.prefixes or name.startswith(self.prefixes)


def read_ref_list_request(lines: Sequence[bytes]) -> RefListRequest | None:
    """What these lines of a request ask for; None for one that is git's to answer, or to refuse."""
    prefixes = tuple(line.removeprefix(_PREFIX) for line in lines if line.startswith(_PREFIX))
    options = frozenset(line for line in lines if not line.startswith((_PREFIX, *_OF_THE_CLIENT)))
    if not options <= _OPTIONS or len(prefixes) > MOST_PREFIXES:
        return None
    return RefListRequest(options, prefixes)
