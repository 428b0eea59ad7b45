"""Packs that arrive for several readers at once: brought once, read at each reader's pace."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from framework.config import Config
from framework.errors import Unavailable
from framework.repositories.serve.arrivals import keep_once, share

CHUNKS = [bytes([number]) * 10_000 for number in range(50)]
ALL = b"".join(CHUNKS)
NAMES = ("one", "two")


class Source:
    """Brings packs, counts them, and fails after some chunks where it is told to."""

    def __init__(self, fails_after: int = len(CHUNKS)) -> None:
        self.brought: list[str] = []
        self._fails_after = fails_after

    def bring(self, name: str, file: Path) -> Iterator[bytes]:
        """One pack, written chunk by chunk."""
        self.brought.append(name)
        with file.open("wb", buffering=0) as target:
            for number, chunk in enumerate(CHUNKS):
                if number == self._fails_after:
                    raise Unavailable("away")
                target.write(chunk)
                yield chunk


def left(settings: Config) -> list[Path]:
    """What is in scratch."""
    return list((settings.data / "scratch").glob("passing-*"))


def test_whoever_reads_at_the_same_time_shares_what_is_brought_once(settings: Config) -> None:
    source, together = Source(), Barrier(8)

    def read(_number: int) -> list[bytes]:
        with share(NAMES, source.bring) as arrivals:
            together.wait()
            return [b"".join(arrivals.packs[name].read()) for name in NAMES]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [[ALL, ALL]] * 8
    assert sorted(source.brought) == sorted(NAMES)
    assert left(settings) == []


def test_who_is_slow_or_goes_away_keeps_nobody_else(settings: Config) -> None:
    source = Source()
    with share(NAMES, source.bring) as slow:
        beginning = next(slow.packs["one"].read())
        with share(NAMES, source.bring) as fast:
            assert b"".join(fast.packs["one"].read()) == ALL
        assert ALL.startswith(beginning)
        assert b"".join(slow.packs["one"].read()) == ALL
    assert source.brought == ["one"]


def test_a_failure_is_told_to_everybody_and_the_next_begins_anew(settings: Config) -> None:
    broken, whole = Source(fails_after=3), Source()
    with share(NAMES, broken.bring) as first, share(NAMES, broken.bring) as second:
        for arrivals in (first, second):
            with pytest.raises(Unavailable, match="away"):
                list(arrivals.packs["one"].read())
        with share(NAMES, whole.bring) as third:
            assert b"".join(third.packs["one"].read()) == ALL
    assert left(settings) == []


def test_it_is_kept_once_and_stays_as_long_as_that_takes(settings: Config) -> None:
    source, kept = Source(), list[bytes]()

    def keep(folder: Path) -> None:
        kept.append((folder / "pack-one.pack").read_bytes())

    with share(NAMES, source.bring) as arrivals:
        list(arrivals.packs["one"].read())
        act = keep_once(NAMES, arrivals, keep)
        assert keep_once(NAMES, arrivals, keep) is None
    assert len(left(settings)) == 1
    assert act
    act()
    assert kept == [ALL]
    assert left(settings) == []
