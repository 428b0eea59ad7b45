"""Everything that was acknowledged, read back: by git, by pages, by signing in, in the mail, and from the store."""

import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import psycopg

from framework.gitcore.lfs.pointer import parse
from tests.cast import PASSWORD
from tests.githttp.client import Person, Work
from tests.servers.backends.smtp import Delivery
from tests.soak.journal import ACKNOWLEDGED, REFUSED, AnswerLost, Change, Entry, Refused, fingerprint
from tests.soak.parts import Department
from tests.soak.people import House
from tests.soak.timeline import Timeline, say
from tests.soak.visits import Browser, Caller

MAIL_SECONDS, MAIL_PAUSE_SECONDS = 180, 10
REPEATS = {"mail is away", "the worker is killed", "the database restarts", "the database is away"}
"""What may come between a message's acceptance and the row that tells of it."""


@dataclass
class Found:
    """What is wrong: a line each."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    mails: int = 0
    repeated: int = 0


def judge_version(found: Found, entry: Entry, commits: Sequence[str], repository: Path) -> None:
    """Hold a version's entry against the commits of its title: one, or none when nobody was told that it is there."""
    told = f"{entry.change.project}: {entry.change.title}"
    if len(commits) > 1:
        found.doubled.append(f"{told} is there {len(commits)} times")
    if not commits and entry.state == ACKNOWLEDGED:
        found.lost.append(f"{told} was acknowledged and is not there")
    if commits and entry.state == REFUSED:
        found.faults.append(f"{told} was refused and is there")
    for path, expected in entry.change.files.items() if commits else ():
        if _content(repository, commits[0], path) != expected:
            found.lost.append(f"{told}: {path} is not what was sent")


class ReadBack:
    """Looks at the department from outside when nobody works there any more."""

    def __init__(self, site: Department, house: House, token: str, git: Person) -> None:
        self.site, self.house, self.git = site, house, git
        self.found = Found()
        self.pages = Caller(house.front, house.answers, {"Authorization": f"Bearer {token}"})

    def read(self, timeline: Timeline) -> Found:
        """Everything."""
        say("reading back: clones")
        for project in sorted({entry.change.project for entry in self.house.journal.of("version")}):
            self._read_clone(project, [one for one in self._versions() if one.change.project == project])
        say("reading back: pages")
        self._read_pages()
        say("reading back: people and mail")
        self._read_people()
        self._read_mail(timeline)
        say("reading back: the store")
        for command in ("flask storage verify", "flask storage drill"):
            status, printed = self.site.once(command.rpartition(" ")[2], command)
            if status:
                self.found.faults.append(f"{command} ends with {status}: {printed[-1500:]}")
        return self.found

    def _versions(self) -> list[Entry]:
        return self.house.journal.of("version")

    def _read_clone(self, project: str, entries: Sequence[Entry]) -> None:
        """Each title once, with what the journal says; one whose answer was lost once or never, and whole."""
        owner = project.partition("/")[0]
        git = Person(owner, self.git.folder, self.git.url, PASSWORD)
        name = project.replace("/", "-") + ".git"
        cloned = git.git("clone", "-q", "--mirror", git.address(project), name, check=False)
        if cloned.returncode:
            asked = any(entry.state == ACKNOWLEDGED for entry in entries)
            self.found.lost += [f"{project} cannot be cloned: {cloned.stderr}"] if asked else []
            return
        work = Work(git, name)
        checked = work.git("fsck", "--full", "--strict", check=False)
        said = [
            line for line in checked.stderr.splitlines() if not line.startswith("notice:")
        ]  # a project without files
        if checked.returncode or said:
            self.found.faults.append(f"git fsck of {project}: {checked.stdout} {checked.stderr}")
        commits = defaultdict(list)
        for line in work.git("log", "--all", "--format=%H %s").stdout.splitlines():
            commit, _blank, title = line.partition(" ")
            commits[title].append(commit)
        for entry in entries:
            judge_version(self.found, entry, commits[entry.change.title], work.folder)

    def _read_pages(self) -> None:
        """The files that no later change touches, as a browser shows them."""
        for entry in self.house.journal.of("version", ACKNOWLEDGED):
            if not entry.change.is_edit and entry.change.project == self._shared_project():
                for path, expected in entry.change.files.items():
                    self._read_page(entry.change, path, expected)

    def _shared_project(self) -> str:
        counted = Counter(entry.change.project for entry in self.house.journal.of("version"))
        return counted.most_common(1)[0][0]

    def _read_page(self, change: Change, path: str, expected: str) -> None:
        place = f"/api/v1/projects/{change.project}/raw/{change.branch}/{quote(path)}"
        try:
            answer = self.pages.ask("GET", place)
        except (AnswerLost, Refused) as refusal:
            self.found.lost.append(f"{change.title}: {path}: {refusal}")
            return
        if fingerprint(answer.content) != expected:
            self.found.lost.append(f"{change.title}: {path} has other bytes on its page")

    def _read_people(self) -> None:
        """Who signed up can sign in, has the project that was made, and sees with whom it is shared."""
        made = {entry.change.project: entry.change for entry in self.house.journal.of("project", ACKNOWLEDGED)}
        shared = {entry.change.project: entry.change for entry in self.house.journal.of("share", ACKNOWLEDGED)}
        for entry in self.house.journal.of("account", ACKNOWLEDGED):
            name, browser = entry.change.title, Browser(self.house.front, self.house.answers)
            try:
                browser.sign_in(name, PASSWORD)
                for project in (one for one in made if one.startswith(f"{name}/")):
                    browser.ask("GET", f"/{project}")
                    shown = browser.ask("GET", f"/{project}/settings/people").text
                    if project in shared and shared[project].title not in shown:
                        self.found.lost.append(f"{project} is not shared with {shared[project].title}")
            except (AnswerLost, Refused) as refusal:
                self.found.lost.append(f"{name}: {refusal}")

    def _read_mail(self, timeline: Timeline) -> None:
        """One message for each sign-up and each share, once each in the end; the clock is put forward for the rest."""
        expected = dict(_expected_mail(self.house))
        ends_at = monotonic() + MAIL_SECONDS
        while (missing := self._missing(expected)) and monotonic() < ends_at:
            sleep(MAIL_PAUSE_SECONDS)
            self._put_clock_forward()
        self.found.lost += [f"no mail to {to} about {about}" for to, about in missing]
        deliveries = list(self.site.smtp.deliveries)
        self.found.mails = len(deliveries)
        by_id = defaultdict(list)
        for delivery in deliveries:
            by_id[str(delivery.message["Message-ID"]), tuple(delivery.recipients)].append(delivery)
        for (_id, recipients), same in by_id.items():
            self._judge_mail(recipients, same, timeline)
        for (to, about), pattern in expected.items():
            fitting = [one for one in deliveries if _fits(one, to, pattern)]
            ids = {str(one.message["Message-ID"]) for one in fitting if _same_subject(one, fitting[0])}
            if len(ids) > 1:
                self.found.doubled.append(f"{len(ids)} messages to {to} about {about}")

    def _judge_mail(self, recipients: Sequence[str], same: Sequence[Delivery], timeline: Timeline) -> None:
        """A message may be repeated once, when something came between its acceptance and the row that tells of it."""
        self.found.repeated += len(same) - 1
        first = same[0]
        may_repeat = not first.answered or bool(timeline.names(first.at - 1, first.at + 1) & REPEATS)
        if len(same) > 1 + may_repeat:
            self.found.doubled.append(f"{first.message['Subject']} to {', '.join(recipients)}: {len(same)} times")

    def _missing(self, expected: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
        deliveries = list(self.site.smtp.deliveries)
        return [
            (to, about)
            for (to, about), pattern in expected.items()
            if not any(_fits(one, to, pattern) for one in deliveries)
        ]

    def _put_clock_forward(self) -> None:
        """What the broker lost is sent again five minutes after it was handed over: these pass at once here."""
        with psycopg.connect(self.site.database.url_of_superuser, autocommit=True) as connection:
            connection.execute(
                "UPDATE outbox SET handed_at = handed_at - interval '6 minutes',"
                " not_before = not_before - interval '6 minutes' WHERE state IN ('waiting', 'handed', 'running')"
            )


def _expected_mail(house: House) -> Iterator[tuple[tuple[str, str], str]]:
    for entry in house.journal.of("account", ACKNOWLEDGED):
        yield (f"{entry.change.title}@example.org", "the address to confirm"), r"/verify/"
    for entry in house.journal.of("share", ACKNOWLEDGED):
        project = entry.change.project
        yield (f"{entry.change.title}@example.org", project), re.escape(f"/{project}")


def _fits(delivery: Delivery, to: str, pattern: str) -> bool:
    body = delivery.message.get_body(("plain",))
    return delivery.recipients == [to] and body is not None and bool(re.search(pattern, body.get_content()))


def _same_subject(one: Delivery, other: Delivery) -> bool:
    """News of a shared project speak of it, too."""
    return bool(one.message["Subject"] == other.message["Subject"])


def _content(repository: Path, commit: str, path: str) -> str:
    """The fingerprint of a file of a commit; of one in Git LFS, what its pointer says."""
    shown = subprocess.run(
        ["git", "cat-file", "blob", f"{commit}:{path}"], cwd=repository, capture_output=True, check=False
    )
    pointer = parse(shown.stdout)
    return pointer.oid if pointer else fingerprint(shown.stdout)
