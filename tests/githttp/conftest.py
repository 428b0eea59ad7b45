"""One server for all who use git, on each kind of deployment; every test has projects of its own."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.request import urlopen

import pytest

from framework import config
from framework.accounts.core.account import Account
from framework.celery.jobs import track_progress
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from tests.cast import PASSWORD, new_account
from tests.githttp.client import Person, Work
from tests.servers.application import deployments
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

MIB = 1 << 20
LARGE = random.Random(7).randbytes(MIB + 100_000)
_numbers = count(1)


@dataclass(frozen=True)
class House:
    """A running server, its settings, and the people that live there."""

    server: LiveServer
    settings: Config
    people: dict[str, Account]


@pytest.fixture(scope="session")
def house(request: pytest.FixtureRequest, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The application under gunicorn; a file may have 64 MiB, a push 112."""
    folder = tmp_path_factory.mktemp("house")
    with deployments.DEPLOYMENTS[request.param](run, folder / "data") as made:
        limits = {"MAX_FILE_BYTES": str(64 * MIB), "MAX_PUSH_BYTES": str(112 * MIB)}
        names = {"BASE_URL", "PORT", *limits}
        environment = {name: text for name, text in deployments.environment(made).items() if name not in names}
        with gunicorn(run, {**environment, **limits}) as server:
            with _living_at(made):
                people = {name: new_account(name) for name in ("alice", "bob", "charlie")}
            yield House(server, made, people)


@pytest.fixture(autouse=True)
def _at_the_house(request: pytest.FixtureRequest) -> Iterator[None]:
    """This process is on the same deployment as the house, in each test that has one."""
    if "house" not in request.fixturenames:
        yield
        return
    with _living_at(request.getfixturevalue("house").settings):
        yield


@contextmanager
def _living_at(settings: Config) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "_current", settings)
        yield
        deployments.leave()


@pytest.fixture
def person(house: House, tmp_path: Path) -> Callable[..., Person]:
    """Gives somebody's git; an empty name is nobody's."""

    def make(name: str, password: str = PASSWORD) -> Person:
        folder = tmp_path / f"{name or 'nobody'}-{next(_numbers)}"
        folder.mkdir()
        return Person(name, folder, house.server.url, password)

    return make


@pytest.fixture
def alice(person: Callable[..., Person]) -> Person:
    """Alice's git."""
    return person("alice")


@pytest.fixture
def project(house: House) -> ProjectAccess:
    """An empty private project of Alice's."""
    return create_project(house.people["alice"], name=f"p{next(_numbers)}", description="", visibility="private")


@pytest.fixture
def work(alice: Person, project: ProjectAccess) -> Work:
    """Alice's working copy, with one commit that the project has on `main`."""
    made = alice.work()
    made.commit("First", a__txt="1")
    made.push(project.full_name, "main")
    return made


@pytest.fixture
def consolidated(alice: Person, project: ProjectAccess) -> Work:
    """Alice's working copy of a project of several packs that became two, with a tag and a side branch."""
    work = alice.work()
    for number in range(4):
        work.commit(f"Version {number}", a__txt=str(number) * 1000, large=LARGE[number:])
        if number == 1:
            work.push(project.full_name, "HEAD:main")
    work.git("tag", "-a", "v1", "-m", "One")
    work.push(project.full_name, "HEAD:main", "v1", "HEAD~1:refs/heads/side")
    pack_neatly(project)
    return work


def pack_neatly(project: ProjectAccess) -> None:
    """Have its packs become two."""
    with track_progress("test") as looked_at:
        assert consolidate(RepackRequest(project.repository_id), looked_at)


@contextmanager
def others_are_answered(house: House) -> Iterator[None]:
    """Ask for a page again and again while something else is under way."""
    over, answers = threading.Event(), list[int]()

    def visit() -> None:
        while not over.is_set():
            with urlopen(f"{house.server.url}/explore", timeout=HANG_SECONDS) as page:
                answers.append(page.status)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield
    finally:
        over.set()
        visitor.join()
    assert answers
    assert set(answers) == {200}
