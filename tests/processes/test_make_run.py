"""`make run` in a fresh clone: from nothing to an address that answers, and back to nothing."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.request import urlopen

import pytest

from tests.servers.processes import HANG_SECONDS, Process, accepts, free_port
from tests.servers.run import ROOT, Run


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files of the project, without what a run leaves behind."""
    copy = tmp_path / "holdfast"
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


def make_run(run: Run, clone: Path, port: int) -> Process:
    """`make run` in this folder, with the variables of a plain terminal."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HOME", "LANG"))}
    make = shutil.which("make")
    assert make
    return run.start(f"make-{free_port()}", [make, "-C", str(clone), "run", f"PORT={port}"], kept)


def processes_in(folder: Path) -> Iterator[int]:
    """The processes that work in this folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                place = (entry / "cwd").readlink()
            except OSError:
                continue
            if place == folder:
                yield int(entry.name)


def wait_for_address(process: Process, port: int) -> None:
    """Return once the address was announced."""
    process.wait_until(lambda: f"Holdfast is at http://localhost:{port}\n" in process.log.read_text())


def end(process: Process, port: int, clone: Path) -> None:
    """See every process gone; how soon, `make bench` tells."""
    process.wait()
    assert list(processes_in(clone)) == []
    assert not accepts(port)


@pytest.mark.long
def test_a_fresh_clone_installs_itself_once_answers_and_leaves_nothing_running(run: Run, clone: Path) -> None:
    port = free_port()
    first = make_run(run, clone, port)
    wait_for_address(first, port)
    with urlopen(f"http://localhost:{port}/", timeout=HANG_SECONDS) as page:
        assert page.status == 200
    os.kill(first.pid, signal.SIGTERM)
    end(first, port, clone)
    second = make_run(run, clone, port)
    wait_for_address(second, port)
    os.killpg(second.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
    end(second, port, clone)
    assert "Installing requirements.txt" in first.log.read_text()
    assert "Installing" not in second.log.read_text()
    assert (clone / "var" / "holdfast.sqlite3").is_file()


def test_it_says_in_one_sentence_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        told = subprocess.run(
            [sys.executable, ROOT / "tools" / "run.py", "run"],
            env={**os.environ, "PORT": port, "HOLDFAST_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"Port {port} is taken by another program. Stop it, or choose another: make run PORT=5001\n"


def processes_of(data: Path) -> dict[int, str]:
    """The command lines of the processes that were given this data folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and f"HOLDFAST_DATA={data}".encode() in (entry / "environ").read_bytes().split(
                b"\0"
            ):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_before_the_tables_are_up_to_date_leaves_nothing_running(
    run: Run, tmp_path: Path, number: signal.Signals
) -> None:
    with closing(sqlite3.connect(tmp_path / "holdfast.sqlite3", isolation_level=None)) as others:
        others.execute("BEGIN EXCLUSIVE")  # the release phase waits for them
        command = [sys.executable, str(ROOT / "tools" / "run.py"), "run"]
        variables = {"PORT": str(free_port()), "HOLDFAST_DATA": str(tmp_path), "PATH": os.environ["PATH"]}
        process = run.start(f"early-{free_port()}", command, variables)
        process.wait_until(lambda: any("-m framework.database" in line for line in processes_of(tmp_path).values()))
        os.kill(process.pid, number)
        process.wait()
        ends_at = monotonic() + HANG_SECONDS
        while processes_of(tmp_path):
            assert monotonic() < ends_at, processes_of(tmp_path)
            sleep(0.05)
