"""A clone of everything from a cold project: what the store holds is passed on as it arrives."""

from collections.abc import Iterator

from framework.errors import HoldfastError
from framework.gitcore.pkt_line import FLUSH, PACK, band
from framework.githttp.fetch.keepalive import Opening
from framework.repositories.serve.cold_stream import ColdPack


def answer(whole: ColdPack, opening: Opening) -> Iterator[bytes]:
    """The packfile section (gitprotocol-v2(5)); who asks for `sideband-all` gets its head on a band, too.

    What fails is told to the client, which keeps nothing.
    """
    yield opening.start or band(PACK, b"packfile\n")
    try:
        with whole.receive() as chunks:
            for chunk in chunks:
                yield band(PACK, chunk)
            yield FLUSH
    except HoldfastError as failure:
        yield opening.failure(failure.sentence)
