"""The people of the department: each does one thing at a time, as fast as a person does, and keeps the journal."""

import random
import re
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from time import monotonic, time
from typing import TypeVar
from urllib.parse import quote
from zipfile import ZipFile

from tests.cast import PASSWORD
from tests.servers.proxies.nginx import Front
from tests.soak.answers import Answers
from tests.soak.journal import ACKNOWLEDGED, AnswerLost, Change, Journal, Refused, fingerprint
from tests.soak.visits import Browser, Caller

TRIES_AGAIN_AFTER_SECONDS = 1.0
GIVES_UP_AFTER_SECONDS = 180
Answer = TypeVar("Answer")
PART_BYTES = 8 << 20
SMALL_BRANCH = "side"
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class House:
    """What all people share: the address, the journal, what was met, and the end of the day."""

    front: Front
    journal: Journal
    answers: Answers
    over: threading.Event
    chance: random.Random = field(default_factory=lambda: random.Random(12))


@dataclass
class Client:
    """Somebody who acts again and again until the day is over; `pause` is the mean time between, in seconds."""

    house: House
    name: str
    project: str
    pause: float = 1.0
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def act(self) -> None:
        """Do one thing.

        Raises:
            AnswerLost: something was away; the next time is later.
        """
        raise NotImplementedError

    def run(self) -> None:
        """Act until the day is over; what should not happen is kept, and does not end it."""
        while not self.house.over.is_set():
            began = time()
            try:
                self.act()
            except AnswerLost:
                self.house.over.wait(TRIES_AGAIN_AFTER_SECONDS)
            except Exception as fault:  # the verdict names it; others go on
                told = str(fault) if isinstance(fault, Refused) else traceback.format_exc()
                self.complain(told, began)
            self.house.over.wait(self.pause * self.house.chance.uniform(0.5, 1.5))

    def complain(self, words: str, began: float) -> None:
        """Keep what should not have been."""
        answers = self.house.answers
        answers.complain(answers.surprises, f"{self.name}: {words}", began, time())

    def title(self) -> str:
        """A title that no other change has."""
        return f"{self.name} {next(self.numbers):05}"

    def noise(self, least: int, most: int) -> bytes:
        """Bytes that nothing else has, of a drawn length."""
        return self.house.chance.randbytes(self.house.chance.randint(least, most))


@dataclass
class FormWriter(Client):
    """Uploads files and edits a text in the browser, and signs in again now and then."""

    def __post_init__(self) -> None:
        """Open a browser."""
        self.browser = Browser(self.house.front, self.house.answers)
        self.signed_in = False

    def act(self) -> None:
        """Upload, or edit one's own text."""
        if not self.signed_in or self.house.chance.random() < 0.05:
            self.signed_in = False
            self.browser.sign_in(self.name, PASSWORD)
            self.signed_in = True
        if self.house.chance.random() < 0.4:
            self.edit()
        else:
            self.upload()

    def upload(self) -> None:
        """One form with one to three files."""
        title = self.title()
        names = [f"{self.name}/{title}-{number}.bin" for number in range(self.house.chance.randint(1, 3))]
        contents = {name: self.noise(100, 60_000) for name in names}
        change = _version(title, self.project, contents)
        page = f"/{self.project}/upload/main"
        shown = self.browser.ask("GET", page).text
        files = [("files", (name, content)) for name, content in contents.items()]
        with self.house.journal.sending(change):
            self.browser.send(page, shown, files=files, message=title)

    def edit(self) -> None:
        """Write another text, over one's own of before."""
        title, path = self.title(), f"{self.name}/diary.txt"
        page = f"/{self.project}/edit/main/{quote(path)}"
        shown = self.browser.ask("GET", page, expected=(200, 404))
        if shown.status_code == 404:
            page = f"/{self.project}/new/main"
            shown = self.browser.ask("GET", page)
        text = f"{title}: {self.house.chance.random()}\n"
        base = re.search(r'name="base"[^>]*value="([^"]*)"', shown.text)
        fields = {"path": path, "content": text, "message": title, "base": base[1] if base else ""}
        with self.house.journal.sending(_version(title, self.project, {path: text.encode()}, is_edit=True)):
            self.browser.send(page, shown.text, **fields)


@dataclass
class Program(Client):
    """Commits by the API, with uploads by tus; repeats a call under its key until it is answered."""

    token: str = ""

    def __post_init__(self) -> None:
        """Take the token along."""
        self.caller = Caller(self.house.front, self.house.answers, {"Authorization": f"Bearer {self.token}"})

    def act(self) -> None:
        """Commit a small file, now and then with a large one."""
        title = self.title()
        contents = {f"{self.name}/{title}.txt": self.noise(10, 2_000).hex().encode()}
        operations: list[dict[str, str]] = [
            {"op": "put", "path": path, "content": content.decode()} for path, content in contents.items()
        ]
        if (drawn := self.house.chance.random()) < 0.3:
            large = self.noise(200_000, 1_500_000 if drawn < 0.27 else PART_BYTES + 500_000)
            contents[f"{self.name}/{title}.bin"] = large
            upload = self._until_answered(lambda: self._upload(large))
            operations.append({"op": "put", "path": f"{self.name}/{title}.bin", "upload": upload})
        with self.house.journal.sending(_version(title, self.project, contents)):
            self._until_answered(lambda: self._commit(title, operations))

    def _commit(self, title: str, operations: list[dict[str, str]]) -> str:
        """409: another process still has the call of before under way, or had it when it was killed."""
        body = {"branch": "main", "message": title, "operations": operations}
        path = f"/api/v1/projects/{self.project}/commits"
        answer = self.caller.ask(
            "POST", path, expected=(201, 409), json=body, headers={"Idempotency-Key": title.replace(" ", "-")}
        )
        if answer.status_code == 409:
            raise AnswerLost(answer.text)
        return str(answer.json()["sha"])

    def _upload(self, content: bytes) -> str:
        """A new upload, sent from where the server is; its id."""
        created = self.caller.ask(
            "POST", "/api/v1/uploads", expected=(201,), headers={**TUS, "Upload-Length": str(len(content))}
        )
        path = created.headers["Location"]
        offset = 0
        while offset < len(content):
            headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            try:
                answer = self.caller.ask("PATCH", path, expected=(204,), data=content[offset:], headers=headers)
            except AnswerLost:
                self.house.over.wait(TRIES_AGAIN_AFTER_SECONDS)
                answer = self._until_answered(lambda: self.caller.ask("HEAD", path, headers=TUS))
            offset = int(answer.headers["Upload-Offset"])
        return path.rpartition("/")[2]

    def _until_answered(self, call: Callable[[], Answer]) -> Answer:
        ends_at = monotonic() + GIVES_UP_AFTER_SECONDS
        while True:
            try:
                return call()
            except AnswerLost:
                if monotonic() > ends_at:
                    raise
                threading.Event().wait(TRIES_AGAIN_AFTER_SECONDS)


@dataclass
class Newcomer(Client):
    """Signs up, makes a project, uploads into it, and shares it with somebody of the department."""

    def act(self) -> None:
        """One person's first minutes."""
        browser, journal = Browser(self.house.front, self.house.answers), self.house.journal
        name = f"{self.name}-{next(self.numbers):04}"
        with journal.sending(Change("account", name)):
            browser.sign_up(name, PASSWORD)
        project = f"{name}/thesis"
        with journal.sending(Change("project", project, project)):
            browser.submit("/new", name="thesis", description="A first project", visibility="private")
        content = self.noise(100, 20_000)
        title, page = f"{name} begins", f"/{project}/upload/main"
        shown = browser.ask("GET", page).text
        with journal.sending(_version(title, project, {"first.bin": content})):
            browser.send(page, shown, files=[("files", ("first.bin", content))], message=title)
        person = self.project.partition("/")[0]
        with journal.sending(Change("share", person, project)):
            browser.submit(f"/{project}/settings/people", person=person, role="reader")


@dataclass
class Reader(Client):
    """Opens pages, and looks whether what was acknowledged is there at once."""

    def __post_init__(self) -> None:
        """Open a browser without an account: the department's project is public."""
        self.browser = Browser(self.house.front, self.house.answers)

    def act(self) -> None:
        """A page, a file or an archive."""
        pages = ("", "/commits/main", "/activity", "/branches", "/tags", "/tree/main")
        self.browser.ask("GET", f"/{self.project}{self.house.chance.choice(pages)}")
        for path in ("/", "/explore", "/login", f"/{self.project.partition('/')[0]}"):
            if self.house.chance.random() < 0.2:
                self.browser.ask("GET", path)
        if entries := [
            entry.change
            for entry in self.house.journal.of("version", ACKNOWLEDGED)
            if entry.change.project == self.project and entry.change.branch == "main" and not entry.change.is_edit
        ]:
            self.read(self.house.chance.choice([entries[-1], self.house.chance.choice(entries)]))
        if self.house.chance.random() < 0.05:
            self.archive()

    def read(self, change: Change) -> None:
        """The files of a version that was acknowledged."""
        for path, expected in change.files.items():
            began = time()
            answer = self.browser.ask("GET", f"/{self.project}/raw/main/{quote(path)}", expected=(200, 302, 303, 307))
            if answer.status_code != 200:
                answer = self.browser.ask("GET", answer.headers["Location"])
            if fingerprint(answer.content) != expected:
                self.complain(f"{path} has other bytes than were acknowledged", began)

    def archive(self) -> None:
        """Everything on a small branch as a ZIP file, which is whole."""
        began = time()
        answer = self.browser.ask("GET", f"/{self.project}/archive/{SMALL_BRANCH}.zip")
        with ZipFile(BytesIO(answer.content)) as archive:
            if spoilt := archive.testzip():
                self.complain(f"{spoilt} is broken in the archive", began)


@dataclass
class Probe(Client):
    """Asks once a second at each kind of address, so that every error is seen with every reader's eyes."""

    def __post_init__(self) -> None:
        """Ask as a stranger."""
        self.caller = Caller(self.house.front, self.house.answers)

    def act(self) -> None:
        """One round."""
        api, git = f"/api/v1/projects/{self.project}", f"/{self.project}.git/info/refs?service=git-upload-pack"
        for path in ("/explore", api, git):
            with suppress(AnswerLost):
                self.caller.ask("GET", path)


def _version(title: str, project: str, contents: dict[str, bytes], *, is_edit: bool = False) -> Change:
    prints = {path: fingerprint(content) for path, content in contents.items()}
    return Change("version", title, project, files=prints, is_edit=is_edit)
