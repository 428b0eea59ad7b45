"""The verdict of a run: what was promised and is not so, and the figures that the last line tells."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.soak.answers import Answers, Trouble
from tests.soak.journal import ACKNOWLEDGED, Journal
from tests.soak.parts import CONNECTIONS, Department
from tests.soak.reading import Found
from tests.soak.samples import Samples
from tests.soak.timeline import NOBODY, Timeline

GROUP_MIB = 400
SHOWN = 12
_TRACEBACK = re.compile(r"Traceback \(most recent call last\).*(?:\n[^\d\[].*)*")
_RAISED = re.compile(r"[\w.]+(Error|Exception|Away|Failed|Timeout|Exit|Interrupt)\b")
TOO_MANY = ("too many connections", "remaining connection slots")


@dataclass
class Report:
    """What is told; `problems` is empty when every promise was kept."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    last_line: str = ""


@dataclass(frozen=True)
class Day:
    """All that was seen of a run."""

    site: Department
    journal: Journal
    answers: Answers
    samples: Samples
    timeline: Timeline
    found: Found
    unfinished: Sequence[str] = ()
    """Clients that did not come to an end."""


def judge(day: Day) -> Report:
    """Hold everything that was seen against what is promised."""
    report, errors = Report(), list(server_errors(day.site.front.access_log))
    causes = Counter(day.timeline.cause(error.began, error.ended) for error in errors)
    report.problems += [f"lost: {line}" for line in day.found.lost]
    report.problems += [f"doubled: {line}" for line in day.found.doubled]
    report.problems += day.found.faults
    report.problems += [f"{client} did not come to an end" for client in day.unfinished]
    report.problems += _troubles("5xx while nothing was away", _unexplained(errors, day.timeline))
    report.problems += _troubles("cut off while nothing was away", _unexplained(day.answers.cut, day.timeline))
    report.problems += _troubles("bare error", day.answers.bare)
    report.problems += _troubles("should not be", day.answers.surprises)
    report.problems += _limits(day)
    report.problems += [f"no {kind} was acknowledged" for kind in _kinds_without_success(day.journal)]
    report.notes += _tracebacks(day.site)
    report.notes.append(f"PostgreSQL, by application: {dict(day.samples.connected)}")
    report.notes.append(f"memory in MiB: { {name: used >> 20 for name, used in day.samples.memory_bytes.items()} }")
    report.last_line = _last_line(day, causes)
    _keep(day, errors)
    return report


def _keep(day: Day, errors: Sequence[Trouble]) -> None:
    """All troubles with what was away then, for whoever looks into the run's folder."""
    kinds = {"5xx": errors, "cut": day.answers.cut, "bare": day.answers.bare, "surprise": day.answers.surprises}
    with (day.site.folder / "troubles.jsonl").open("w") as file:
        for kind, troubles in kinds.items():
            for one in troubles:
                cause = day.timeline.cause(one.began, one.ended)
                file.write(json.dumps({"kind": kind, "away": cause, **asdict(one)}) + "\n")


def server_errors(access_log: Path) -> Iterator[Trouble]:
    """Every 5xx that left the proxy, its own ones included."""
    for line in access_log.read_text().splitlines():
        told = json.loads(line)
        if told["status"] >= 500:
            words = f"{told['status']} {told['method']} {told['path']} ({told['id']}, {told['upstream']})"
            yield Trouble(words, told["at"] - told["took"], told["at"])


def _last_line(day: Day, causes: Counter[str]) -> str:
    told = [f"{count} while {cause}" for cause, count in causes.most_common() if cause != NOBODY]
    told.append(f"{causes[NOBODY]} while {NOBODY}")
    journal, samples = day.journal, day.samples
    return "; ".join(
        (
            f"acknowledged {journal.count(ACKNOWLEDGED)}",
            f"lost {len(day.found.lost)}",
            f"doubled {len(day.found.doubled)}",
            f"5xx {causes.total()} ({', '.join(told)})",
            f"bare errors {len(day.answers.bare)}",
            f"mails {day.found.mails} ({day.found.repeated} repeated)",
            f"PSS {samples.largest(day.site.groups)} MiB a web group, {samples.largest(day.site.workers)} MiB a worker",
            f"PostgreSQL {samples.connections} of {CONNECTIONS} connections",
            f"Redis {samples.clients} of {CONNECTIONS} clients",
        )
    )


def _limits(day: Day) -> Iterator[str]:
    samples = day.samples
    if samples.connections > CONNECTIONS:
        yield f"{samples.connections} connections to PostgreSQL"
    logs = [log.read_text(errors="replace") for log in day.site.run.logs("postgres")]
    refused = sum(log.count(words) for log in logs for words in TOO_MANY)
    if refused:
        yield f"PostgreSQL refused {refused} connections: there were too many"
    if samples.clients > CONNECTIONS or samples.rejected:
        yield f"Redis had {samples.clients} clients and refused {samples.rejected}"
    for name, used in samples.memory_bytes.items():
        if used > GROUP_MIB << 20:
            yield f"{name} had {used >> 20} MiB, more than {GROUP_MIB}"


def _unexplained(troubles: Sequence[Trouble], timeline: Timeline) -> list[Trouble]:
    return [one for one in troubles if timeline.cause(one.began, one.ended) == NOBODY]


def _troubles(title: str, troubles: Sequence[Trouble]) -> list[str]:
    shown = [f"{title}: {one.words}" for one in troubles[:SHOWN]]
    return [*shown, f"{title}: {len(troubles) - SHOWN} more"] if len(troubles) > SHOWN else shown


def _kinds_without_success(journal: Journal) -> list[str]:
    kinds = ("version", "account", "project", "share")
    return [kind for kind in kinds if not journal.of(kind, ACKNOWLEDGED)]


def _tracebacks(site: Department) -> Iterator[str]:
    """How often each kind of exception was logged with its traceback."""
    counted = Counter[str]()
    for dyno in (*site.groups, *site.workers):
        for log in site.run.logs(dyno.name):
            for text in _TRACEBACK.findall(log.read_text(errors="replace")):
                counted[f"{dyno.line}: {_last_words(text)}"] += 1
    yield f"tracebacks: {counted.total()}"
    for last, count in counted.most_common(SHOWN):
        yield f"  {count} times {last}"


def _last_words(traceback: str) -> str:
    """The exception's line, the last that is not indented; a line of the log writes its breaks as two letters."""
    lines = [line for line in traceback.replace("\\n", "\n").splitlines() if line and not line.startswith(" ")]
    raised = [line for line in lines[1:] if _RAISED.match(line)]
    return (raised or lines)[-1][:160]
