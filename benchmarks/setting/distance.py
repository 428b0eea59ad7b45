"""An S3 service that is as far away as a real one: the tests' proxy, 30 ms before each answer, in its own process.

Before the answer, not the request: a proxy that reads nothing for 30 ms holds up the stream of a long body, as no
real network does, which cost 100 MiB another 20 ms.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy

ROUND_TRIP_SECONDS = 0.03
METHODS = ("GET", "PUT", "HEAD", "DELETE", "POST")


@dataclass(frozen=True)
class Distance:
    """The address of a service behind the distance, which counts the requests to it."""

    url: str
    asked: IO[str]
    told: IO[str]

    def count_requests(self) -> int:
        """How many there were so far."""
        return self._count()[0]

    def count_in_sequence(self) -> int:
        """How many of them had to wait for one another so far: each began when the one before it was answered."""
        return self._count()[1]

    def _count(self) -> list[int]:
        self.asked.write("\n")
        self.asked.flush()
        return [int(number) for number in self.told.readline().split()]


@contextmanager
def distant(url: str) -> Iterator[str]:
    """The address of the same service behind the distance."""
    with put_distance(url, ROUND_TRIP_SECONDS) as distance:
        yield distance.url


@contextmanager
def put_distance(url: str, round_trip_seconds: float) -> Iterator[Distance]:
    """The same service, so far away."""
    command = [sys.executable, "-m", "benchmarks.setting.distance", url, str(round_trip_seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdin
        assert proxy.stdout
        try:
            yield Distance(proxy.stdout.readline().strip(), proxy.stdin, proxy.stdout)
        finally:
            proxy.terminate()


def main(url: str, round_trip_seconds: float) -> None:
    """Serve until whoever started this closes our input; answer each line with the numbers of requests so far."""
    proxy = FaultyProxy(url)
    for method in METHODS:
        proxy.spoil(method, Fault(delay_seconds=round_trip_seconds), times=1 << 60)
    print(proxy.url, flush=True)
    for _line in sys.stdin:
        print(len(proxy.seen), proxy.in_sequence, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
