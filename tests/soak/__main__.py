"""`python -m tests.soak --minutes N [--workers N] [--keep FOLDER]`: a department at work while its parts fail.

Nine accidents are spread over the minutes, or over each ten of them; afterwards everything that was acknowledged is
read back. The last line tells the figures. Ends non-zero when something was lost or doubled, a part's absence was felt
while it was there, an error had no face, or a plan's limits were passed. Every process is ended, also when the run is
interrupted.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic

from tests.cast import PASSWORD
from tests.githttp.client import Person
from tests.servers.run import Run
from tests.soak.answers import Answers
from tests.soak.clones import Cloner, person, start_history
from tests.soak.faults import let_happen
from tests.soak.journal import Change, open_journal
from tests.soak.parts import Department, department
from tests.soak.people import SMALL_BRANCH, Client, FormWriter, House, Newcomer, Probe, Program, Reader
from tests.soak.reading import ReadBack
from tests.soak.report import Day, Report, judge
from tests.soak.samples import Samples
from tests.soak.timeline import Timeline, say
from tests.soak.visits import Browser, Caller

OWNER, PROJECT = "lena", "lena/lab"
LONER, OWN_PROJECT = "clone-2", "clone-2/data"
WRITERS = ("form-1", "form-2", "program-1", "program-2", "clone-1", LONER)
ENDS_WITHIN_SECONDS = 240


def main() -> int:
    """Run, and tell; 0 when every promise was kept."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="leave the journal and the logs in this new folder")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what runs in the background deaf to SIGINT
        signal.signal(number, signal.default_int_handler)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(exist_ok=True, parents=True)
    run = Run(folder / "run", os.getpid())
    try:
        with department(run, folder, workers=options.workers) as site:
            report = spend_day(site, options.minutes * 60)
    finally:
        run.end()
    tell(report)
    if options.keep is None and not report.problems:
        shutil.rmtree(folder)
    else:
        say(f"journal and logs are in {folder}")
    print(report.last_line, flush=True)  # noqa: T201
    return int(bool(report.problems))


def spend_day(site: Department, seconds: float) -> Report:
    """Let people work while accidents happen, and read everything back."""
    answers, timeline, samples, over = Answers(), Timeline(), Samples(), threading.Event()
    with open_journal(site.folder / "journal.jsonl") as journal:
        house = House(site.front, journal, answers, over)
        git = person(site.folder / "home", site.front, OWNER, PASSWORD)
        hire(site, (OWNER, *WRITERS))
        token, clients = settle(house, site.folder, git)
        watch = threading.Thread(target=samples.take, args=(site, over), daemon=True)
        threads = {client.name: threading.Thread(target=client.run, daemon=True) for client in clients}
        ends_at = monotonic() + seconds
        for thread in (watch, *threads.values()):
            thread.start()
        say(f"{len(clients)} people work")
        let_happen(site, timeline, seconds, over)
        over.wait(max(0, ends_at - monotonic()))
        over.set()
        unfinished = wait_for(threads)
        found = ReadBack(site, house, token, git).read(timeline)
        return judge(Day(site, journal, answers, samples, timeline, found, unfinished))


def hire(site: Department, names: Iterable[str]) -> None:
    """Accounts that an operator makes, whose addresses count: whoever signs up has one to confirm first."""
    made = (f"echo '{PASSWORD}' | flask users create {name} {name}@example.org --password-stdin" for name in names)
    status, printed = site.once("people", " && ".join(made))
    if status:
        raise RuntimeError(f"no accounts: {printed}")


def settle(house: House, folder: Path, git: Person) -> tuple[str, list[Client]]:
    """A shared project with its first commit, and the people that will work on it; the owner's token."""
    owner = Browser(house.front, house.answers)
    owner.sign_in(OWNER, PASSWORD)
    with house.journal.sending(Change("project", PROJECT, PROJECT)):
        owner.submit("/new", name="lab", description="What all of us work on", visibility="public")
    for name in WRITERS:
        with house.journal.sending(Change("share", name, PROJECT)):
            owner.submit(f"/{PROJECT}/settings/people", person=name, role="writer")
    tokens = {name: make_token(house, name) for name in (OWNER, *WRITERS)}
    homes = {name: person(folder / name, house.front, name, tokens[name]) for name in ("clone-1", LONER)}
    start_history(house, git, PROJECT, "main", SMALL_BRANCH)
    start_history(house, homes[LONER], OWN_PROJECT, "main")  # a push makes the project
    return tokens[OWNER], [
        *(FormWriter(house, name, PROJECT, 1.5) for name in WRITERS if name.startswith("form")),
        *(Program(house, name, PROJECT, 1.5, token=tokens[name]) for name in WRITERS if name.startswith("program")),
        Cloner(house, "clone-1", PROJECT, 2.0, git=homes["clone-1"], branch=SMALL_BRANCH),
        Cloner(house, LONER, OWN_PROJECT, 2.0, git=homes[LONER]),
        Newcomer(house, "newcomer", PROJECT, 20.0),  # 200 accounts a day may come from one network
        Reader(house, "reader", PROJECT, 1.0),
        Probe(house, "probe", PROJECT, 1.0),
    ]


def make_token(house: House, name: str) -> str:
    """A token that may write, asked for with the password."""
    caller = Caller(house.front, house.answers)
    caller.session.auth = (name, PASSWORD)
    with closing(caller.session):
        body = {"name": "soak", "scopes": ["read", "write"]}
        return str(caller.ask("POST", "/api/v1/tokens", expected=(201,), json=body).json()["token"])


def wait_for(threads: dict[str, threading.Thread]) -> Sequence[str]:
    """The names of the clients that do not come to an end; what they had begun may still be under way."""
    ends_at = monotonic() + ENDS_WITHIN_SECONDS
    for thread in threads.values():
        thread.join(max(0, ends_at - monotonic()))
    return [name for name, thread in threads.items() if thread.is_alive()]


def tell(report: Report) -> None:
    """Everything but the last line."""
    for note in report.notes:
        print(note)  # noqa: T201
    for problem in report.problems:
        print(f"FAULT {problem}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
