"""People with a clone: they commit, push until it lands, fetch what others did, and keep large files in Git LFS."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.githttp.client import Finished, Person, Work
from tests.servers.proxies.nginx import Front
from tests.soak.journal import AnswerLost, Change, fingerprint
from tests.soak.people import Client, House

OVERTAKEN = ("fetch first", "non-fast-forward", "cannot lock ref", "has changed at this very moment")
VERDICTS = ("unpack failed", "index-pack", "did not receive expected object", "bad object", "corrupt", "missing ")
"""What would be a judgement of objects that are whole."""
UGLY = ("Traceback", "<!doctype", "<html")
LFS_BYTES = 300_000
TRIES = 60
_SETTINGS = """\
[http]
\tsslCAInfo = {certificate}
\tlowSpeedLimit = 1
\tlowSpeedTime = 60
\tpostBuffer = 65536
[lfs]
\tactivitytimeout = 60
\tlocksverify = false
[gc]
\tauto = 0
"""


def person(folder: Path, front: Front, name: str, password: str) -> Person:
    """Somebody's git in a folder of its own, which knows the certificate and does not wait for ever."""
    folder.mkdir()
    (folder / ".gitconfig").write_text(_SETTINGS.format(certificate=front.certificate))
    return Person(name, folder, front.url, password)


@dataclass
class Cloner(Client):
    """Pushes to a branch; every third commit has a file in Git LFS."""

    git: Person = field(kw_only=True)
    branch: str = "main"
    work: Work | None = None

    def act(self) -> None:
        """One commit, pushed until it lands; now and then a fresh clone."""
        work = self._clone()
        title = self.title()
        number = int(title.rpartition(" ")[2])
        contents = {f"{self.name}-{number}.txt": self.noise(10, 50_000)}
        if number % 3 == 0:
            contents[f"{self.name}-{number}.lfs"] = self.noise(LFS_BYTES // 2, LFS_BYTES)
        for name, content in contents.items():
            (work.folder / name).write_bytes(content)
        work.git("add", ".")
        work.git("commit", "-q", "-m", title)
        files = {name: fingerprint(content) for name, content in contents.items()}
        with self.house.journal.sending(Change("version", title, self.project, self.branch, files)):
            self._push(work)
        if number % 10 == 0:
            self.work = None

    def _clone(self) -> Work:
        """The clone of before, or a new one."""
        if self.work is None:
            name = f"clone-{next(self.numbers)}"
            self._try("clone", "-q", "--single-branch", "-b", self.branch, self.git.address(self.project), name)
            work = Work(self.git, name)
            work.git("lfs", "install", "--local")
            work.git("lfs", "track", "*.lfs")
            self.work = work
        return self.work

    def _push(self, work: Work) -> None:
        """Push until it has landed.

        Raises:
            AnswerLost: it did not, for as long as anybody would try.
        """
        address = self.git.address(self.project)
        for _ in range(TRIES):
            began = time.time()
            done = work.git("push", address, f"HEAD:refs/heads/{self.branch}", check=False)
            if done.returncode == 0:
                return
            if any(words in done.stderr for words in OVERTAKEN):
                self._rebase(work)
                continue
            self._note(done, began)
            time.sleep(1)
        raise AnswerLost(f"{self.name} gave up pushing")

    def _rebase(self, work: Work) -> None:
        began = time.time()
        fetched = work.git("fetch", "-q", self.git.address(self.project), self.branch, check=False)
        if fetched.returncode:
            self._note(fetched, began)
            time.sleep(1)
            return
        work.git("rebase", "-q", "FETCH_HEAD")

    def _try(self, *arguments: str) -> None:
        began = time.time()
        done = self.git.git(*arguments, check=False)
        if done.returncode:
            self._note(done, began)
            raise AnswerLost(done.stderr)

    def _note(self, done: Finished, began: float) -> None:
        """A command that failed: something was away, or git was told what is not true, or in nobody's words."""
        answers, words = self.house.answers, f"{self.name}: git {done.args[1:3]}: {done.stderr.strip()[-600:]}"
        bad = [word for word in (*UGLY, *VERDICTS) if word in done.stderr]
        answers.complain(answers.surprises if bad else answers.cut, words, began, time.time())


def start_history(house: House, git: Person, project: str, *branches: str) -> None:
    """The project's first commit, on these branches; it says what Git LFS keeps."""
    work = git.work("start")
    work.git("lfs", "install", "--local")
    work.git("lfs", "track", "*.lfs")
    work.commit("start", start__txt="start\n")
    with house.journal.sending(Change("version", "start", project, files={"start.txt": fingerprint(b"start\n")})):
        work.push(project, *(f"HEAD:refs/heads/{branch}" for branch in branches))
