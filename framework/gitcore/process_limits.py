"""What the processes that a git starts may take, set before it begins; and its tie to the thread that started it."""

import shutil
import subprocess
from functools import cache

CPU_SECONDS = 600
LAST_CPU_SECONDS = 10  # between SIGXCPU and SIGKILL, so that the status tells which limit it was
_MOST_CPU_SECONDS = CPU_SECONDS + LAST_CPU_SECONDS
_FILE_BLOCK_BYTES = 512  # the unit of ulimit -f (POSIX, XCU ulimit)


def limit_command(memory_bytes: int, file_bytes: int | None) -> list[str]:
    """What git's command begins with, for what each of its processes may take: memory, CPU, sizes of written files.

    A shell sets them and becomes git, so that they hold from its first instruction and for all that it starts.
    """
    limits = [f"ulimit -d {memory_bytes >> 10}", f"ulimit -S -t {CPU_SECONDS}", f"ulimit -H -t {_MOST_CPU_SECONDS}"]
    if file_bytes is not None:
        limits.append(f"ulimit -f {-(-file_bytes // _FILE_BLOCK_BYTES)}")
    return ["/bin/sh", "-c", " && ".join([*limits, 'exec "$0" "$@"'])]


@cache
def tie_to_parent(path: str) -> tuple[str, ...]:
    """What a command begins with that shall not outlive the thread which started it (prctl(2), PR_SET_PDEATHSIG)."""
    program = shutil.which("setpriv", path=path)
    command = (program or "setpriv", "--pdeathsig", "KILL")
    try:
        subprocess.run([*command, "true"], check=True, stderr=subprocess.DEVNULL)  # busybox has another setpriv
    except (OSError, subprocess.CalledProcessError):
        return ()
    return command
