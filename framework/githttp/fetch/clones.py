"""Clones that were answered before: who asks for the same of the same version gets the same bytes, and no git starts.

A course clones one project, and a program the same one at each run. Small answers are kept beside remembered pages,
in the same bounded room on the disk, with a hash and for a day (`web/remembered/store.py`).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from framework.gitcore.pkt_line import FATAL, FLUSH
from framework.repositories.catalog.snapshot import Snapshot
from framework.web.remembered import store

LONGEST_BYTES = 256 << 10
MOST_PACKETS = 1000
"""Of a request that is looked up here."""
_OF_THE_CLIENT = (b"agent=", b"session-id=")
_MARKS = {b"0001", b"0002"}


@dataclass(frozen=True)
class CloneRequest:
    """All that somebody asks for who has nothing; `digest` is the hash of the request's packets."""

    digest: bytes

    def find_answer(self, snapshot: Snapshot, settings: Mapping[str, str]) -> bytes | None:
        """What was answered to the same of this version; None where nothing is kept."""
        return store.find(self._key(snapshot, settings))

    def keep_answer(self, snapshot: Snapshot, settings: Mapping[str, str], chunks: Iterator[bytes]) -> Iterator[bytes]:
        """What git answers, passed on, and kept where it is short and whole."""
        answer, is_short = b"", True
        for chunk in chunks:
            is_short = is_short and len(answer) + len(chunk) <= LONGEST_BYTES
            answer = answer + chunk if is_short else b""
            yield chunk
        if is_short and _is_whole(answer):
            store.keep(self._key(snapshot, settings), answer)

    def _key(self, snapshot: Snapshot, settings: Mapping[str, str]) -> str:
        """A purge, which erases objects and moves no ref, makes another generation of packs."""
        place = snapshot.repository_id, snapshot.epoch, snapshot.version, snapshot.entry_hash, snapshot.pack_generation
        return hashlib.sha256(repr(("clone", place, sorted(settings.items()), self.digest)).encode()).hexdigest()


def read_clone_request(packets: Sequence[bytes | None]) -> CloneRequest | None:
    """The request of protocol version 2 that these packets are, if it is one for objects by who has none.

    What differs by separators alone, git refuses, and a refusal is not kept.
    """
    lines = {packet for packet in packets if packet is not None}
    if len(packets) > MOST_PACKETS or not {b"command=fetch", b"done"} <= lines:
        return None
    if any(line.startswith(b"have ") for line in lines):
        return None
    asked = [packet for packet in packets if packet is None or not packet.startswith(_OF_THE_CLIENT)]
    return CloneRequest(hashlib.sha256(repr(asked).encode()).digest())


def _is_whole(answer: bytes) -> bool:
    """Whether the answer is packets up to the one that ends it, and none of them tells of a failure."""
    at = 0
    while (head := answer[at : at + 4]) != FLUSH:
        size = 4 if head in _MARKS else int(head, 16) if len(head) == len(FLUSH) else 0
        if size < len(FLUSH) or answer[at + 4 : at + 5] == bytes([FATAL]) or answer[at + 4 : at + 8] == b"ERR ":
            return False
        at += size
    return at + len(FLUSH) == len(answer)
