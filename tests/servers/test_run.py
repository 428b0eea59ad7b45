"""The tests' own servers: shared by a run, told apart, and gone with it, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep

import psycopg
import pytest

from tests.servers import processes, programs
from tests.servers.backends.ceph import ceph
from tests.servers.backends.postgres import Postgres
from tests.servers.backends.postgres import postgres as server
from tests.servers.backends.rabbitmq import new_rabbitmq_url
from tests.servers.backends.redis import new_redis_url
from tests.servers.processes import Process, ServerFailed, accepts, free_port, is_running
from tests.servers.programs import ProgramMissing, program
from tests.servers.run import ROOT, Run

# A run of its own, in a process that stands for pytest: it starts a server, says so, and sleeps.
_OWNER = """
import os, sys, time
from pathlib import Path
from tests.servers.run import Run
from tests.servers.backends.redis import new_redis_url

print(new_redis_url(Run(Path(sys.argv[1]), os.getpid())), flush=True)
time.sleep(600)
"""


def _eventually(holds: Callable[[], bool]) -> None:
    while not holds():
        sleep(0.05)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def test_a_run_has_one_server_of_a_kind_and_a_part_of_it_for_everybody(run: Run) -> None:
    first, second = new_redis_url(run), new_redis_url(Run(run.folder, run.owner))
    assert _port(first) == _port(second)
    assert first != second


@pytest.mark.long
def test_a_run_that_ends_stops_everything_that_it_started(tmp_path: Path) -> None:
    run = Run(tmp_path / "servers", os.getpid())
    urls = [new_rabbitmq_url(run), new_redis_url(run), server(run).url("postgres"), ceph(run).endpoint_url]
    ports = [_port(url.partition("@")[2] or url) for url in urls]
    assert all(accepts(port) for port in ports)
    run.end()
    assert not any(accepts(port) for port in ports)
    marked = f"HOLDFAST_TEST_RUN={run.folder}".encode()
    assert not [entry for entry in Path("/proc").glob("[0-9]*") if marked in _environment(entry)]
    assert not list(run.folder.glob("*.data"))


def test_a_run_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OWNER, str(tmp_path / "servers")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as owner:
        assert owner.stdout
        port = _port(owner.stdout.readline())
        assert accepts(port)
        owner.kill()
    _eventually(lambda: not accepts(port))


def test_databases_are_apart_and_migrated(postgres: Postgres) -> None:
    first, second = (url.replace("+psycopg", "") for url in (postgres.new_database(), postgres.new_database()))
    with psycopg.connect(first) as connection:
        connection.execute("DELETE FROM alembic_version")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_server_that_ends_at_once_shows_its_log(run: Run) -> None:
    process = run.start("loser", [sys.executable, "-c", "print('no luck today'); raise SystemExit(3)"])
    with pytest.raises(ServerFailed, match="no luck today"):
        process.wait_until(lambda: False)


def test_processes_of_one_name_have_logs_of_their_own(run: Run) -> None:
    for words in ("first", "second"):
        process = run.start("twin", ["/bin/echo", words])
        assert process.wait() == 0
        assert process.log.read_text() == f"{words}\n"
    assert sorted(log.read_text() for log in run.logs("twin")) == ["first\n", "second\n"]


def test_a_process_that_will_not_stop_is_killed_with_what_it_started(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 1000 & echo $! ; wait; wait"
    process = Process(["/bin/sh", "-c", script], log=tmp_path / "log", environment={})
    _eventually(lambda: (tmp_path / "log").read_text().endswith("\n"))
    process.stop(seconds=0.2)
    assert not is_running(process.pid)
    _eventually(lambda: not is_running(int((tmp_path / "log").read_text())))


def test_a_process_tells_how_it_ended(tmp_path: Path) -> None:
    process = Process(["/bin/sh", "-c", "kill -TERM $$"], log=tmp_path / "log", environment={})
    assert process.wait() == -signal.SIGTERM


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(programs._DEBIAN_PACKAGES, "no-such-program", "some-package")
    with pytest.raises(ProgramMissing, match="no-such-program: install the Debian package some-package"):
        program("no-such-program")


def test_every_package_is_in_the_list() -> None:
    listed = {entry.rstrip("?") for entry in (Path(__file__).parent / "packages.txt").read_text().split()}
    assert set(programs._DEBIAN_PACKAGES.values()) - {"util-linux"} <= listed


def _environment(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:
        return b""


def test_no_port_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither here nor in another process of tests, as long as this one lives."""
    monkeypatch.setattr(processes, "_LOCKED", [])
    few = range(31_900, 31_940)
    monkeypatch.setattr(processes, "PORTS", few)
    ours = [free_port() for _ in range(20)]
    code = f"""
from tests.servers import processes
processes.PORTS = range({few.start}, {few.stop})
while True:
    print(processes.free_port(), flush=True)
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "every port of the tests is in use" in told.stderr
    everybodys = [*ours, *map(int, told.stdout.split())]
    assert len(set(everybodys)) == len(everybodys) > len(ours)
    for lock in processes._LOCKED:
        os.close(lock)
