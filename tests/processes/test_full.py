"""`make test-full`: every part in its turn, by the clock, and a truthful last line."""

import sys
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
    assert full.run([ENDLESS, PROGRAM], 0.01) == 0
    *_, slow, program, last = capfd.readouterr().out.splitlines()
    assert slow.split(maxsplit=1)[1].startswith("not finished in time")
    assert program.split(maxsplit=1)[1] == "not started"
    assert last == "1 of 2 parts ran, 1 not finished in time: 0 passed, 0 failed"


def test_a_failure_before_the_clock_ends_counts() -> None:
    running = Execution(
        script("endless", "import signal; print('1 failed, 2 passed in 0.10s', flush=True); signal.pause()")
    )
    while not running.lines:
        sleep(0.05)
    assert running.end(0).verdict == FAILED
