"""An S3 service that is as far away as a real one: the tests' proxy, 30 ms before each request, in its own process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy

ROUND_TRIP_SECONDS = 0.03
METHODS = ("GET", "PUT", "HEAD", "DELETE", "POST")


@contextmanager
def distant(url: str) -> Iterator[str]:
    """The address of the same service behind the distance."""
    command = [sys.executable, "-m", "benchmarks.setting.distance", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout
        try:
            yield proxy.stdout.readline().strip()
        finally:
            proxy.terminate()


def main(url: str) -> None:
    """Serve until whoever started this closes our input."""
    proxy = FaultyProxy(url)
    for method in METHODS:
        proxy.spoil(method, Fault(delay_seconds=ROUND_TRIP_SECONDS), times=1 << 60)
    print(proxy.url, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
