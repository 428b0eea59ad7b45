"""How much memory a web and a worker dyno take while eight people work at once: pages, uploads, pushes, clones."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import requests as browser

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from framework.config import Config
from tests.servers.application import deployments
from tests.servers.application.workers import worker
from tests.servers.memory import watch_memory
from tests.servers.processes import accepts, free_port
from tests.servers.run import ROOT, Run

MIB = 1 << 20
PEOPLE = 8
ROUNDS = 2
LARGE_BYTES, SMALL_FILES = 8 * MIB, 20
PASSWORD = "of no value outside of the benchmark"  # noqa: S105
LIMIT_MIB = 400


@dataclass(frozen=True)
class Dyno:
    """The processes of one dyno: what they took at rest, at most (git's part of it), and at the end, in MiB."""

    name: str
    rest_mib: float
    most_mib: float
    git_mib: float
    after_mib: float
    limit_mib: float | None = None


@dataclass(frozen=True)
class Person:
    """Somebody with a project, a browser and a folder for clones."""

    name: str
    site: str
    folder: Path
    browser: browser.Session

    def sign_up(self) -> None:
        """An account and a project of one's own."""
        self.submit("/signup", username=self.name, email=f"{self.name}@example.org", password=PASSWORD)
        self.submit("/login", username=self.name, password=PASSWORD)
        self.submit("/new", name="work", description="", visibility="public")

    def work(self, number: int) -> None:
        """Upload, look at it, clone, push, and download everything."""
        self.upload(number)
        for page in ("", "/commits/main", f"/blob/main/notes-{number}-3.txt", f"/tree/main/folder-{number}"):
            assert self.browser.get(f"{self.site}/{self.name}/work{page}").status_code in {200, 404}
        clone = self.folder / f"clone-{number}"
        self.git("clone", "-q", self.address, str(clone))
        (clone / f"pushed-{number}").write_bytes(os.urandom(LARGE_BYTES))
        self.git("-C", str(clone), "add", ".")
        self.git("-C", str(clone), "commit", "-qm", "Work")
        self.git("-C", str(clone), "push", "-q", self.address, "HEAD:main")
        for part in self.browser.get(f"{self.site}/{self.name}/work/archive/main.zip", stream=True).iter_content(MIB):
            assert part

    def upload(self, number: int) -> None:
        """A large file and many small ones in one form."""
        page = f"/{self.name}/work/upload/main/"
        files = [("files", (f"large-{number}", os.urandom(LARGE_BYTES)))]
        files += [("files", (f"notes-{number}-{each}.txt", b"some lines\n" * 500)) for each in range(SMALL_FILES)]
        fields = {"csrf_token": self.token(page), "message": "More", "branch": "main", "path": ""}
        answer = self.browser.post(self.site + page, fields, files=files, allow_redirects=False)
        assert answer.status_code in {200, 302, 303}, answer.text

    def submit(self, page: str, **fields: str) -> None:
        """Post the page's form."""
        data = {**fields, "csrf_token": self.token(page)}
        answer = self.browser.post(self.site + page, data, allow_redirects=False)
        assert answer.status_code == 302, answer.text

    def token(self, page: str) -> str:
        """The CSRF token of the page's form."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.browser.get(self.site + page).text)
        assert found, page
        return found[1]

    @property
    def address(self) -> str:
        """Where git finds the project, with the password in it."""
        return f"{self.site}/{self.name}/work.git".replace("://", f"://{self.name}:{PASSWORD.replace(' ', '%20')}@")

    def git(self, *arguments: str) -> None:
        """Run git as this person."""
        names = ["-c", f"user.name={self.name}", "-c", f"user.email={self.name}@example.org"]
        subprocess.run(["git", *names, *arguments], check=True, cwd=self.folder, stderr=subprocess.DEVNULL)


def tabulate() -> Table:
    """What a web dyno and a worker dyno take while eight people work at once."""
    dynos = list(measure())
    lines = [
        f"{it.name:<48}{it.rest_mib:>6.0f}{it.most_mib:>6.0f}{it.git_mib:>8.0f}{it.after_mib:>6.0f}"
        f"{it.limit_mib or '':>6}"
        for it in dynos
    ]
    return Table(
        f"{'eight people at once, MiB of a dyno (PSS)':<48}{'rest':>6}{'most':>6}{'of git':>8}{'after':>6}{'limit':>6}",
        lines,
        [asdict(dyno) for dyno in dynos],
        [Figure(f"{it.name}: most memory", it.most_mib, "MiB", it.limit_mib) for it in dynos if it.limit_mib],
    )


def measure() -> Iterator[Dyno]:
    """Both dynos with the button's settings, and a web dyno with two processes."""
    small = {"WEB_CONCURRENCY": "1", "WORKER_CONCURRENCY": "1"}
    web, background = _work_with(small)
    yield replace(web, name="web, WEB_CONCURRENCY=1", limit_mib=LIMIT_MIB)
    yield replace(background, name="worker, WORKER_CONCURRENCY=1", limit_mib=LIMIT_MIB)
    web, background = _work_with({"WEB_CONCURRENCY": "2", "WORKER_CONCURRENCY": "2"})
    yield replace(web, name="web, WEB_CONCURRENCY=2")
    yield replace(background, name="worker, WORKER_CONCURRENCY=2")


def _work_with(variables: Mapping[str, str]) -> list[Dyno]:
    """The web dyno and the worker dyno of a deployment with these variables."""
    with deployed() as (run, settings, folder), worker(run, settings, "-B", **variables) as background:
        port = free_port()
        environment = {**deployments.environment(settings), "PORT": str(port), "BASE_URL": f"http://localhost:{port}"}
        gunicorn = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "app:app"]
        web = run.start("web", gunicorn, {**environment, **variables})
        web.wait_until(lambda: accepts(port))
        with watch_memory(web.pid) as of_web, watch_memory(background.pid) as of_worker:
            people = [
                Person(f"person{n}", f"http://localhost:{port}", folder, browser.Session()) for n in range(PEOPLE)
            ]
            people[0].browser.get(people[0].site + "/explore")
            rests = [seen.last_bytes for seen in (of_web, of_worker)]
            with ThreadPoolExecutor(PEOPLE) as threads:
                list(threads.map(_use, people))
        web.stop()
        return [
            Dyno("", rest / MIB, seen.most_bytes / MIB, seen.most["git"] / MIB, seen.last_bytes / MIB)
            for rest, seen in zip(rests, (of_web, of_worker), strict=True)
        ]


@contextmanager
def deployed() -> Iterator[tuple[Run, Config, Path]]:
    """A deployment as in production, and a folder."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with deployments.production_like(run, Path(folder) / "data") as settings:
                (Path(folder) / "clones").mkdir()
                yield run, settings, Path(folder) / "clones"
        finally:
            run.end()


def _use(person: Person) -> None:
    person.sign_up()
    folder = person.folder / person.name
    folder.mkdir()
    for number in range(ROUNDS):
        Person(person.name, person.site, folder, person.browser).work(number)
