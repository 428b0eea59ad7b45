"""`make test-full`: every part in its turn, by the clock, and a truthful last line."""

import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from tests import full
from tests.full import FAILED, Execution, Part

COMMIT, NEXT = "0" * 40, "00000001" + "0" * 32


def script(name: str, code: str) -> Part:
    """A part that runs this Python."""
    return Part(name, [sys.executable, "-c", code])


PYTEST = script("pytest", "print('3 passed, 4 deselected in 1.50s')")
PROGRAM = script("program", "pass")
BROKEN = script("broken", "raise SystemExit('1 violation')")
ENDLESS = script("endless", "import signal; signal.pause()")
CHOSE_NONE = script("none", "print('9 deselected in 0.01s'); raise SystemExit(5)")


def test_each_commit_begins_with_another_part() -> None:
    parts = full.programs(COMMIT)
    first, then = full.turn(parts, COMMIT), full.turn(parts, NEXT)
    assert (first, then[0], then[-1]) == (parts, parts[1], parts[0])
    assert sorted(part.name for part in then) == sorted({part.name for part in parts})


@pytest.mark.long  # it has pytest collect every test
def test_every_long_test_belongs_to_one_part() -> None:
    tests = (full.ROOT / "tests").rglob("test_*.py")
    files = [str(file.relative_to(full.ROOT)) for file in tests if "\n@pytest.mark.long\n" in file.read_text()]
    paths = [word for part in full.all_parts(COMMIT) for word in part.command if word.startswith("tests/")]
    owners = {file: [path for path in paths if file == path or file.startswith(f"{path}/")] for file in files}
    assert files
    assert {file: found for file, found in owners.items() if len(found) != 1} == {}


def test_the_last_line_counts_what_ran(capfd: pytest.CaptureFixture[str]) -> None:
    assert full.run([PYTEST, PROGRAM, CHOSE_NONE], None) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "3 of 3 parts ran: 4 passed, 0 failed"


def test_a_part_that_fails_fails_all_and_stops_none(capfd: pytest.CaptureFixture[str]) -> None:
    assert full.run([BROKEN, PYTEST], None) == 1
    told = capfd.readouterr().out
    assert "1 violation" in told
    assert told.splitlines()[-1] == "2 of 2 parts ran: 3 passed, 1 failed"


def test_what_the_clock_ends_has_not_failed(capfd: pytest.CaptureFixture[str]) -> None:
    lanes = full.AT_ONCE
    assert full.run([*[ENDLESS] * lanes, PROGRAM], 0.01) == 0
    *_, slow, program, last = capfd.readouterr().out.splitlines()
    assert slow.split(maxsplit=1)[1].startswith("not finished in time")
    assert program.split(maxsplit=1)[1] == "not started"
    assert last == f"{lanes} of {lanes + 1} parts ran, {lanes} not finished in time: 0 passed, 0 failed"


def test_two_parts_run_beside_each_other(tmp_path: Path) -> None:
    meeting = "open(own, 'w').close()\nwhile not os.path.exists(other): time.sleep(0.02)"
    names = [str(tmp_path / "one"), str(tmp_path / "two")]
    parts = [
        script("meeting", f"import os, time\nown, other = {own!r}, {other!r}\n{meeting}")
        for own, other in (names, reversed(names))
    ]
    assert full.run(parts, 1) == 0


def test_an_interrupted_run_leaves_no_part_behind(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    endless = f"""
import os, pathlib, signal
draft = pathlib.Path({str(noted)!r} + ".draft")
draft.write_text(str(os.getpid()))
draft.rename({str(noted)!r}); signal.pause()
"""
    interrupt = f"""
import os, signal, time
while not os.path.exists({str(noted)!r}): time.sleep(0.02)
os.kill(os.getppid(), signal.SIGINT); signal.pause()
"""
    code = f"""
import signal
from tests.full import run
from tests.processes.test_full import script
signal.signal(signal.SIGINT, signal.default_int_handler)
run([script("endless", {endless!r}), script("impatient", {interrupt!r})], None)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=full.ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert "KeyboardInterrupt" in ended.stderr
    assert not Path("/proc", noted.read_text()).exists()


def test_a_failure_before_the_clock_ends_counts() -> None:
    running = Execution(
        script("endless", "import signal; print('1 failed, 2 passed in 0.10s', flush=True); signal.pause()")
    )
    while not running.lines:
        sleep(0.05)
    assert running.end(0).verdict == FAILED
