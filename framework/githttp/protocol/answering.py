"""The answer to a push: progress and report on side bands, with a sign of life while git or the store works."""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from framework.gitcore.pkt_line import FLUSH, KEEP_ALIVE, PROGRESS, REPORT, band, pkt
from framework.observability.pool import Pool

KEEP_ALIVE_SECONDS = 5


class Output:
    """What a push tells its client; without side bands progress is left out."""

    def __init__(self, capabilities: frozenset[str]) -> None:
        self.has_bands = "side-band-64k" in capabilities
        self._quiet = "quiet" in capabilities
        self._wants_report = bool(capabilities & {"report-status", "report-status-v2"})
        self._packets: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def progress(self, text: str) -> None:
        """A line for whoever looks on."""
        if not self._quiet:
            self.say(text)

    def say(self, text: str) -> None:
        """A line that also a client who wants quiet shows."""
        if self.has_bands:
            self._put(PROGRESS, f"{text}\n".encode(errors="replace"))

    def report(self, lines: list[bytes]) -> None:
        """What became of the push, and of each ref (report-status in gitprotocol-pack(5))."""
        if not self._wants_report:
            return
        data = b"".join(pkt(line + b"\n") for line in lines) + FLUSH
        if self.has_bands:
            self._put(REPORT, data)
        else:
            self._packets.put(data)

    def end(self) -> None:
        """Nothing more will be told."""
        if self.has_bands:
            self._packets.put(FLUSH)
        self._packets.put(None)

    def next(self) -> bytes | None:
        """The next packets, None at the end.

        Raises:
            queue.Empty: nothing was told for `KEEP_ALIVE_SECONDS`.
        """
        return self._packets.get(timeout=KEEP_ALIVE_SECONDS)

    def _put(self, number: int, data: bytes) -> None:
        self._packets.put(band(number, data))


def answer(work: Callable[[], None], output: Output, *, may_speak: Callable[[], bool]) -> Iterator[bytes]:
    """Do the work beside and pass on what it tells; it is done to its end even when the client goes away.

    Nothing is sent before `may_speak` says that the client has sent everything.
    """
    with Pool(1) as pool:
        done = pool.submit(_to_the_end, work, output)
        yield from _packets(output, may_speak)
        _raise_failure(done)


def _to_the_end(work: Callable[[], None], output: Output) -> None:
    try:
        work()
    finally:
        output.end()


def _packets(output: Output, may_speak: Callable[[], bool]) -> Iterator[bytes]:
    while True:
        try:
            packets = output.next()
        except queue.Empty:
            if output.has_bands and may_speak():
                yield KEEP_ALIVE
            continue
        if packets is None:
            return
        yield packets


def _raise_failure(done: "Future[None]") -> None:
    """A failure that nobody expected cuts the connection."""
    done.result()
