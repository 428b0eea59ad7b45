"""A process outside of pytest's control that waits for pytest's end, however it comes, and ends what it left."""

import os
import select
import sys
from contextlib import suppress
from pathlib import Path

from tests.servers.processes import end_run


def watch(owner: int, run: Path) -> None:
    """Sleep until the process `owner` has gone, then end every process of the run."""
    with suppress(ProcessLookupError):
        poll = select.poll()
        poll.register(os.pidfd_open(owner), select.POLLIN)
        poll.poll()
    end_run(run)


if __name__ == "__main__":
    watch(int(sys.argv[1]), Path(sys.argv[2]))
