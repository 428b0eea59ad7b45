"""`python -m tests.full [PART …] [--minutes N]`: what takes too long for every change, two parts at a time.

Without names every part runs, in an order that turns with the commit's id: with `--minutes`, which ends the run by the
clock, a few landings together run everything. A part that still runs when the time is over is stopped, and has failed
only if it had found a fault by then. Each line of output begins with its part; the last ones tell which parts ran,
which did not, and what was counted.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parent.parent
NO_TESTS = 5
"""Pytest's exit status where nothing was chosen."""
AT_ONCE = 2
"""How many parts run beside each other: one alone waits for its servers, and leaves a third of two cores idle."""
STOP_SECONDS = 20
"""How long a part may take to end once it has been told to."""
LARGE_ROOM = 20
"""A folder of so many long tests is a part of its own."""
NAME_WIDTH = 20
PASSED, FAILED, UNFINISHED = "passed", "FAILED", "not finished in time"


@dataclass(frozen=True)
class Part:
    """Something that takes minutes; its command ends non-zero when it has found a fault."""

    name: str
    command: Sequence[str]


def all_parts(commit: str) -> list[Part]:
    """What `make test-full` runs. A new part is a line in `programs`, or any test with the marker `long`.

    Rooms of few long tests share a part, since starting pytest takes longer than most of them.
    """
    counted = _count_long_tests()
    large = [room for room, count in counted.items() if count >= LARGE_ROOM]
    small = [room for room in counted if room not in large]
    return [*map(room_part, large), _pytest_part("small-rooms", small), *programs(commit)]


def programs(commit: str) -> list[Part]:
    """The parts that are no tests of pytest's.

    The commit's id draws which pairs of writers are killed, so that each landing tries others.
    """
    python = (sys.executable, "-m")
    killed = (*python, "tests.crash.run")
    return [
        Part("soak", (*python, "tests.soak", "--minutes", "3")),
        Part("killed-writers", (*killed, "--pairs", "500", "--seed", str(_number(commit)))),
        Part("killed-consolidation", (*killed, "--repack", "consolidation")),
        Part("killed-fold", (*killed, "--repack", "fold")),
        Part("killed-purge", (*killed, "--repack", "purge")),
        Part("killed-take-over", (*python, "tests.crash.take_over")),
        Part("killed-requests", (*python, "tests.crash.killed_requests")),
        *(Part(f"mutations-{half}", (*python, "tests.mutations", f"{half}/2")) for half in (1, 2)),
    ]


def room_part(room: str) -> Part:
    """The long tests of a folder such as `tests/githttp`, or of a file."""
    return _pytest_part(room, [room])


def _pytest_part(name: str, paths: Sequence[str]) -> Part:
    return Part(name, (sys.executable, "-m", "pytest", "-q", "-n", "3", "--dist", "worksteal", "-m", "long", *paths))


def _count_long_tests() -> Counter[str]:
    """How many each folder of tests has, and each file beside them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "long"]
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}  # another form of the list
    told = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=True).stdout
    return Counter(re.findall(r"^(tests/[^/:]+).*::", told, re.MULTILINE))


def _rooms() -> list[str]:
    """Each folder of tests, and each file beside them."""
    found = {path.relative_to(ROOT).parts for path in (ROOT / "tests").rglob("test_*.py")}
    return sorted({"/".join(parts[:2]) for parts in found})


def turn(parts: Sequence[Part], commit: str) -> list[Part]:
    """The same parts, begun with another one at each commit."""
    start = _number(commit) % len(parts)
    return [*parts[start:], *parts[:start]]


def _number(commit: str) -> int:
    return int(commit[:8], 16)


@dataclass
class Outcome:
    """How a part ended, and how many tests it counted."""

    part: Part
    verdict: str
    counted: Counter[str]
    seconds: float


class Execution:
    """A part that runs, in a session of its own; its output is passed on and kept."""

    def __init__(self, part: Part) -> None:
        print(f"=== {part.name}: {' '.join(part.command[1:])}", flush=True)  # noqa: T201
        self.part, self.lines, self._began = part, list[str](), monotonic()
        self._process = subprocess.Popen(
            part.command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def end(self, seconds: float | None) -> Outcome:
        """Wait so long at most, then stop it."""
        status = self._wait(seconds)
        if status is None:
            self.interrupt()
            self._wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(STOP_SECONDS)
        return self._judge(status)

    def interrupt(self) -> None:
        """Ask the part to end; pytest tells then what it has found."""
        self._process.send_signal(signal.SIGINT)

    def _wait(self, seconds: float | None) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def _judge(self, status: int | None) -> Outcome:
        counted = _count(self.lines)
        if counted["failed"] or status not in {0, NO_TESTS, None}:
            verdict = FAILED
        else:
            verdict = UNFINISHED if status is None else PASSED
        if not counted and status not in {NO_TESTS, None}:  # a program of ours counts as one
            counted["failed" if verdict == FAILED else "passed"] = 1
        return Outcome(self.part, verdict, counted, monotonic() - self._began)

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line)
                print(f"{self.part.name:{NAME_WIDTH}} | {line}", end="", flush=True)  # noqa: T201


def _count(lines: Sequence[str]) -> Counter[str]:
    """What pytest's last line tells."""
    summaries = [line for line in lines if re.search(r"\d+ (passed|failed|errors?|deselected)\b.* in [\d.]+s", line)]
    found = re.findall(r"(\d+) (passed|failed|error)", summaries[-1]) if summaries else []
    counted = Counter[str]()
    for number, what in found:
        counted["passed" if what == "passed" else "failed"] += int(number)
    return counted


def run(parts: Sequence[Part], minutes: float | None) -> int:
    """Run the parts until the time is over, and tell what became of each; 1 when something failed."""
    ends_at = monotonic() + minutes * 60 if minutes is not None else None
    running = list[Execution]()

    def run_part(part: Part) -> Outcome | None:
        left = ends_at - monotonic() if ends_at is not None else None
        if left is not None and left <= 0:
            return None
        running.append(execution := Execution(part))
        return execution.end(left)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            outcomes = list(pool.map(run_part, parts))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for execution in running:
                execution.interrupt()
            raise
    ended = [outcome for outcome in outcomes if outcome]
    _tell(ended, [part for part, outcome in zip(parts, outcomes, strict=True) if not outcome])
    return int(any(outcome.verdict == FAILED for outcome in ended))


def _tell(outcomes: Sequence[Outcome], left: Sequence[Part]) -> None:
    print("\n=== parts")  # noqa: T201
    for outcome in outcomes:
        print(f"{outcome.part.name:{NAME_WIDTH}} {outcome.verdict:20} {outcome.seconds:6.0f} s")  # noqa: T201
    for part in left:
        print(f"{part.name:{NAME_WIDTH}} not started")  # noqa: T201
    ended = Counter(outcome.verdict for outcome in outcomes)
    unfinished = f", {ended[UNFINISHED]} not finished in time" if ended[UNFINISHED] else ""
    counted = sum((outcome.counted for outcome in outcomes), Counter[str]())
    print(  # noqa: T201
        f"{len(outcomes)} of {len(outcomes) + len(left)} parts ran{unfinished}: "
        f"{counted['passed']} passed, {counted['failed']} failed",
        flush=True,
    )


def _commit() -> str:
    """The id of the commit that is tried; zeros outside of a clone."""
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "0" * 40


def main() -> int:
    """Run what the command line names."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored, and parts inherit that
    commit = _commit()
    named = {part.name: part for part in (*map(room_part, _rooms()), *programs(commit))}
    parser = argparse.ArgumentParser(epilog=f"The parts are {', '.join(named)}.")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--minutes", type=float)
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - named.keys()):
        parser.error(f"there is no part {', '.join(unknown)}; choose from {', '.join(named)}")
    chosen = [named[name] for name in options.parts] or turn(all_parts(commit), commit)
    return run(chosen, options.minutes)


if __name__ == "__main__":
    sys.exit(main())
