"""Writers of a crowd: by the browser's form, by the API and by git, each adding files of its own to one branch."""

import random
import subprocess
import time
from dataclasses import dataclass, field

import requests

from tests.cast import PASSWORD, csrf_token
from tests.githttp.client import Person, Work

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 4

SECONDS = 3600
"""Longer than anything a server may take, however busy the machine is: it only ends what hangs."""
REFUSED = ("fetch first", "non-fast-forward")


@dataclass
class Writer:
    """One writer: the titles of the commits that the server acknowledged, and how often it refused one."""

    name: str
    url: str
    project: str
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0

    def write(self, rounds: int) -> None:
        """Add one file in each round; every one has to be acknowledged."""
        for number in range(rounds):
            title = f"{self.name}-{number}"
            self.add(title)
            self.acknowledged.append(title)

    def add(self, title: str) -> None:
        """Commit a file of this name under this title."""
        raise NotImplementedError


@dataclass
class FormWriter(Writer):
    """A browser that sends the upload form."""

    window: requests.Session = field(default_factory=requests.Session)

    def sign_in(self) -> None:
        """Sign in as Alice."""
        page = f"{self.url}/login"
        fields = {"username": "alice", "password": PASSWORD, "csrf_token": csrf_token(self.window.get(page).text)}
        answer = self.window.post(page, data=fields, allow_redirects=False, timeout=SECONDS)
        assert answer.status_code == 302, answer.text

    def add(self, title: str) -> None:
        """Send the form as the browser does: what comes back leads to the folder."""
        page = f"{self.url}/{self.project}/upload/main"
        fields = {"csrf_token": csrf_token(self.window.get(page, timeout=SECONDS).text), "message": title}
        files = {"files": (title, title.encode())}
        answer = self.window.post(page, data=fields, files=files, allow_redirects=False, timeout=SECONDS)
        assert answer.status_code == 303, f"{answer.status_code}: {answer.text}"


@dataclass
class ApiWriter(Writer):
    """A program with a token."""

    token: str = ""

    def add(self, title: str) -> None:
        """Commit by one call."""
        answer = requests.post(
            f"{self.url}/api/v1/projects/{self.project}/commits",
            json={
                "branch": "main",
                "message": title,
                "operations": [{"op": "put", "path": title, "content": title}],
            },
            headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": title},
            timeout=SECONDS,
        )
        assert answer.status_code == 201, f"{answer.status_code}: {answer.text}"


@dataclass
class GitWriter(Writer):
    """A clone that pushes, and fetches first when it is told to."""

    person: Person = field(kw_only=True)
    work: Work = field(init=False)
    chance: random.Random = field(default_factory=random.Random, kw_only=True)

    def clone(self) -> None:
        """Clone the project."""
        self.work = self.person.clone(self.project, "work")

    def add(self, title: str) -> None:
        """Commit, and push until it lands; each refusal has to be true."""
        self.work.commit(title, **{title: title})
        pause = SHORTEST_PAUSE_SECONDS
        while not self._has_landed(self.work.push(self.project, "HEAD:main", check=False)):
            self.refused += 1
            tip = self._fetched()
            assert not self._holds("HEAD", tip), f"{title} was refused although nothing had moved"
            assert not self._holds(tip, "HEAD"), f"{title} was refused and is there"
            self.work.git("rebase", "-q", tip)
            time.sleep(self.chance.uniform(0, pause))  # as people do, who would otherwise only keep the others waiting
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _has_landed(self, pushed: "subprocess.CompletedProcess[str]") -> bool:
        assert pushed.returncode == 0 or any(reason in pushed.stderr for reason in REFUSED), pushed.stderr
        return pushed.returncode == 0

    def _fetched(self) -> str:
        self.work.git("fetch", "-q", self.work.person.address(self.project), "main")
        return self.work.sha("FETCH_HEAD")

    def _holds(self, commit: str, ancestor: str) -> bool:
        return self.work.git("merge-base", "--is-ancestor", ancestor, commit, check=False).returncode == 0
