"""The faults of a run: each takes one part of the department away for a while, and brings it back."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from tests.servers.proxies.faults import Fault
from tests.soak.parts import Department
from tests.soak.timeline import GRACE_SECONDS, Timeline

AWAY_SECONDS = 8
ROUND_SECONDS = 600


@dataclass(frozen=True)
class Accident:
    """A fault with the name that reports give it; `happen` returns when the part works again."""

    name: str
    happen: Callable[[Department, float], None]
    is_felt: bool = True


def _kill_group(site: Department, _seconds: float) -> None:
    site.groups[0].kill()
    site.groups[0].restart()


def _end_group(site: Department, _seconds: float) -> None:
    site.groups[1].terminate()
    site.groups[1].restart()


def _kill_worker(site: Department, _seconds: float) -> None:
    site.workers[0].kill()
    site.workers[0].restart()


def _restart_database(site: Department, _seconds: float) -> None:
    site.database.stop()
    site.database.start()


def _database_away(site: Department, seconds: float) -> None:
    site.database.stop()
    _pause(seconds)
    site.database.start()


def _broker_away(site: Department, seconds: float) -> None:
    site.broker.kill()
    _pause(seconds)
    site.broker.start()


def _store_away(site: Department, seconds: float) -> None:
    """Refuses connections, then answers 503, then ends connections amid an answer."""
    with site.store.refusing():
        _pause(seconds / 2)
    for spoilt in (Fault(status=503, code="SlowDown"), Fault(cut_answer_after_bytes=0)):
        with site.store.spoiling(spoilt):
            _pause(seconds / 4)


def _disk_vanishes(site: Department, _seconds: float) -> None:
    site.groups[0].wipe()


def _mail_away(site: Department, seconds: float) -> None:
    """One message is taken and not answered; then nobody takes any."""
    site.smtp.hang_up_after_data()
    _pause(seconds / 2)
    with site.mail.shut():
        _pause(seconds / 2)


ACCIDENTS = (
    Accident("a web group is killed", _kill_group),
    Accident("the database restarts", _restart_database),
    Accident("the worker is killed", _kill_worker, is_felt=False),
    Accident("the store is away", _store_away),
    Accident("a web group is told to end", _end_group),
    Accident("the broker is away and comes back empty", _broker_away, is_felt=False),
    Accident("a group's disk vanishes", _disk_vanishes),
    Accident("the database is away", _database_away),
    Accident("mail is away", _mail_away, is_felt=False),
)


def let_happen(site: Department, timeline: Timeline, seconds: float, over: threading.Event) -> None:
    """Spread all accidents over so many seconds, once in ten minutes; each begins when the one before is forgotten."""
    rounds = max(1, round(seconds / ROUND_SECONDS))
    began, slot = monotonic(), seconds / rounds / len(ACCIDENTS)
    away_seconds = min(AWAY_SECONDS, AWAY_SECONDS * max(seconds / ROUND_SECONDS, 0.4))
    for number, accident in enumerate(ACCIDENTS * rounds):
        over.wait(max(GRACE_SECONDS + 1, began + slot * (number + 0.4) - monotonic()))
        if over.is_set():
            return
        with timeline.away(accident.name, is_felt=accident.is_felt):
            accident.happen(site, away_seconds)


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)
