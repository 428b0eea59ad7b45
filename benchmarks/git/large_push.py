"""`python -m benchmarks.git.large_push [MIB]`: pushes and clones a repository of so many MiB of noise (2,000) with git.

Prints seconds, and the most memory that the server's process and each kind of its children had. It takes about four
times the size on the disk, and is no part of `make bench`.
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting.git_servers import GitServer, ours
from benchmarks.setting.running import family

MIB = 1 << 20
FILE_MIB = 100


def main(total_mib: int) -> None:
    """Push and clone, and tell what each took."""
    with TemporaryDirectory() as folder, ours() as server:
        work = Path(folder) / "work"
        _make(work, total_mib)
        address = f"http://127.0.0.1:{server.port}/bench/large.git"
        options = ["-c", f"http.extraHeader=Authorization: {server.headers['Authorization']}"]
        with _told("push", server):
            subprocess.run(["git", "-C", work, *options, "push", "-q", address, "main"], check=True)
        with _told("clone", server):
            subprocess.run(["git", *options, "clone", "-q", "--bare", address, Path(folder) / "clone"], check=True)


def _make(work: Path, total_mib: int) -> None:
    git = ["git", "-C", str(work)]
    subprocess.run(["git", "init", "-q", "-b", "main", work], check=True)
    noise = {"core.compression": "0", "core.bigFileThreshold": "1m"}  # the client need not try to compress it
    for name, value in {**noise, "user.name": "bench", "user.email": "b@example.org"}.items():
        subprocess.run([*git, "config", name, value], check=True)
    for number in range(total_mib // FILE_MIB):
        (work / f"noise-{number}").write_bytes(os.urandom(FILE_MIB * MIB))
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Noise"], check=True)


@contextmanager
def _told(what: str, server: GitServer) -> Iterator[None]:
    ended, most = threading.Event(), Counter[str]()
    thread = threading.Thread(target=_watch, args=(server.process_id, ended, most))
    thread.start()
    began = time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - began
        ended.set()
        thread.join()
    memory = ", ".join(f"{name} {kib / 1024:.0f} MiB" for name, kib in most.most_common())
    print(f"{what}: {seconds:.1f} s; most memory: {memory}")


def _watch(process_id: int, ended: threading.Event, most: Counter[str]) -> None:
    """Note the highest resident set (proc(5), VmHWM) of each program."""
    while not ended.wait(0.05):
        for one in family(process_id):
            name, kib = _peak(one)
            most[name] = max(most[name], kib)


def _peak(process_id: int) -> tuple[str, int]:
    try:
        facts = dict(line.split(":", 1) for line in Path(f"/proc/{process_id}/status").read_text().splitlines())
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return "ended", 0
    return facts["Name"].strip(), int(facts.get("VmHWM", "0 kB").split()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
