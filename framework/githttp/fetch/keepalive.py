"""A sign of life while a cold project is fetched from the store: routers of hosts give up on silent connections.

An answer can begin before git runs where its first bytes are certain, or where progress may come before them: with
`sideband-all` (gitprotocol-v2(5)), in a clone's pack, and in a list of refs. Elsewhere the client waits in silence.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from itertools import islice
from typing import IO

from framework.errors import HoldfastError, Unavailable
from framework.files import read_chunks
from framework.gitcore.pkt_line import FATAL, FLUSH, PROGRESS, BadRequest, Received, band, err, pkt
from framework.gitcore.ref_names import HEADS
from framework.githttp.fetch.clones import CloneRequest, read_clone_request
from framework.githttp.fetch.ref_list import RefListRequest, read_ref_list_request
from framework.observability.pool import Pool
from framework.repositories.cache import copies
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.pack_records import HISTORY
from framework.repositories.catalog.snapshot import Snapshot

FIRST_SIGN_SECONDS = 0.5
SIGN_SECONDS = 5
NOTICE = "Waking this project: its files are being fetched from the object store"
MOST_PACKETS = 200_000
"""How many packets of a request are looked at: each takes memory and time, and may have four bytes."""
SERVICE = pkt(b"# service=git-upload-pack\n") + FLUSH

_OF_A_CLONE = {
    b"command=fetch", b"object-format=sha1", b"thin-pack", b"no-progress", b"include-tag", b"ofs-delta",
    b"sideband-all", b"done",
}  # fmt: skip
_OF_THE_CLIENT = (b"agent=", b"session-id=")
_OTHER_SECTIONS = (b"deepen", b"shallow ", b"want-ref ", b"packfile-uris ")


class Overtaken(Unavailable):
    """The answer began with what is no longer true; repeating is safe."""

    def __init__(self) -> None:
        super().__init__("The project has changed at this very moment; repeat the command.")


@dataclass(frozen=True)
class Opening:
    """How an answer begins before git runs: `start` is certain, and progress may follow it when `has_bands`."""

    start: bytes
    has_bands: bool

    @property
    def notice(self) -> bytes:
        """What people read; with `sideband-all`, git's reader takes one line end off each packet."""
        return NOTICE.encode() + (b"\n" if self.start else b"\n\n")

    def failure(self, sentence: str) -> bytes:
        """The packet that tells the client why the answer ends."""
        return band(FATAL, sentence.encode()) if self.has_bands else err(sentence)


@dataclass(frozen=True)
class FetchRequest:
    """One request of a fetch: which copy it needs, and how its answer can begin early, if it can.

    `wants` are the object names of somebody who has nothing, and is to get all that they reach. `refs` are asked for by
    a request that wants no objects; `clone` is one that may have been answered before.
    """

    kind: str
    opening: Opening | None
    wants: frozenset[str] = frozenset()
    refs: RefListRequest | None = None
    clone: CloneRequest | None = None


class KeepAlive:
    """Brings the local copy to the newest version; the answer `has_begun` with its opening, or ended as it `failed`."""

    def __init__(self, repository_id: str, asked: FetchRequest) -> None:
        self._repository_id, self._kind, self._opening = repository_id, asked.kind, asked.opening
        self.has_begun = self.failed = False

    def send_until_ready(self) -> Iterator[bytes]:
        """Nothing when the copy is there soon, else the opening and progress until it is.

        Raises:
            What `lease_copy` raises, when nothing was sent before; else the client is told.
        """
        with Pool(1) as pool:
            done = pool.submit(self._wake)
            while wait_for([done], SIGN_SECONDS if self.has_begun else FIRST_SIGN_SECONDS).not_done:
                if self._opening:
                    yield from self._sign(self._opening)
        yield from self._end(done)

    def rest(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """What git says, without what was sent before.

        Raises:
            Overtaken: git begins with something else.
        """
        missing = self._opening.start if self.has_begun and self._opening else b""
        for chunk in chunks:
            known = min(len(missing), len(chunk))
            if chunk[:known] != missing[:known]:
                raise Overtaken
            missing = missing[known:]
            if len(chunk) > known:
                yield chunk[known:]

    def _wake(self) -> None:
        with copies.lease_copy(self._repository_id, self._kind):
            return

    def _sign(self, opening: Opening) -> Iterator[bytes]:
        if opening.has_bands:
            words = b"" if self.has_begun else opening.notice
            yield (b"" if self.has_begun else opening.start) + pkt(bytes([PROGRESS]) + words)
        elif not self.has_begun:
            yield opening.start
        self.has_begun = True

    def _end(self, done: "Future[None]") -> Iterator[bytes]:
        try:
            done.result()
        except HoldfastError as failure:
            if not (self.has_begun and self._opening):
                raise
            self.failed = True
            yield self._opening.failure(failure.sentence)


def read_fetch_request(version: str, body: IO[bytes], snapshot: Snapshot) -> FetchRequest:
    """What a request with this body, which is at its start and is left there, asks for; `version` is the protocol's.

    One of very many packets is for git alone: it is answered in full, and without an early opening.
    """
    try:
        packets = list(islice(_packets(body), MOST_PACKETS + 1))
    except BadRequest:  # git will say what is wrong
        return FetchRequest(FULL, None)
    finally:
        body.seek(0)
    if len(packets) > MOST_PACKETS:
        return FetchRequest(FULL, None)
    lines = [packet for packet in packets if packet is not None]
    if b"command=ls-refs" in lines:
        return FetchRequest(HISTORY, _head(lines, snapshot), refs=read_ref_list_request(lines))
    if version == "version=2":
        return FetchRequest(FULL, _of_fetch(lines), _wants_of_clone(lines), clone=read_clone_request(packets))
    return FetchRequest(FULL, _of_clone(lines))


def _packets(body: IO[bytes]) -> Iterator[bytes | None]:
    """The lines of a request; None for each packet that separates its parts."""
    received = Received(read_chunks(body))
    while head := received.take(4):
        yield None if head in {FLUSH, b"0001", b"0002"} else received.line_of(head)


def _head(lines: list[bytes], snapshot: Snapshot) -> Opening | None:
    """`HEAD` is the first ref of a list that asks for it."""
    sha = snapshot.find_branch(snapshot.default_branch)
    if sha is None or not {b"symrefs", b"ref-prefix HEAD"} <= set(lines):
        return None
    line = f"{sha} HEAD symref-target:{HEADS}{snapshot.default_branch}\n"
    return Opening(pkt(line.encode()), has_bands=False)


def _of_fetch(lines: list[bytes]) -> Opening | None:
    """Protocol version 2: nothing comes before progress with `sideband-all`, nor before the pack when all is said."""
    if b"sideband-all" in lines:
        return Opening(b"", has_bands=True)
    if b"done" in lines and not any(line.startswith(_OTHER_SECTIONS) for line in lines):
        return Opening(pkt(b"packfile\n"), has_bands=True)
    return None


def _wants_of_clone(lines: list[bytes]) -> frozenset[str]:
    """What a clone wants that leaves nothing out and can read deltas by offset; nothing for any other request."""
    wants = frozenset(line.removeprefix(b"want ").decode("ascii", "replace") for line in lines if _is_want(line))
    others = {line for line in lines if not _is_want(line) and not line.startswith(_OF_THE_CLIENT)}
    return wants if {b"done", b"ofs-delta"} <= others <= _OF_A_CLONE else frozenset()


def _is_want(line: bytes) -> bool:
    return line.startswith(b"want ")


def _of_clone(lines: list[bytes]) -> Opening | None:
    """Versions 0 and 1: who has nothing is answered with NAK and the pack."""
    has_bands = bool(lines) and b" side-band-64k" in lines[0]
    if has_bands and b"done" in lines and not any(line.startswith((b"have ", *_OTHER_SECTIONS)) for line in lines):
        return Opening(pkt(b"NAK\n"), has_bands=True)
    return None
