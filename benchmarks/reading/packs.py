"""What a page costs where a project has many packs that nobody has folded yet, beside the same with two."""

import secrets
import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from benchmarks.reading.pages import measure_request
from benchmarks.report.table import Table
from benchmarks.setting.deployment import Project
from framework import config, rooms
from framework.accounts.lifecycle.operations import create_user
from framework.application import create_app
from framework.celery.jobs import track_progress
from framework.config import Config
from framework.database import schema
from framework.projects.lifecycle.operations import create_project
from framework.repositories.catalog.snapshot import read_packs
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from tests.servers.application import deployments

FEW, MANY = 2, 49
FILES = 200
ROUNDS = 30
PAGES = {
    "project page": "/bench/{}",
    "folder": "/bench/{}/tree/main/folder-3",
    "file": "/bench/{}/blob/main/folder-3/file-3.txt",
}


@dataclass(frozen=True)
class PageCost:
    """A page, and the medians of the server's time and CPU with few packs and with many, in milliseconds."""

    page: str
    few_ms: float
    few_cpu_ms: float
    many_ms: float
    many_cpu_ms: float


def tabulate() -> Table:
    """How long the server works on a page of a project with many packs, beside one with two."""
    costs = list(measure())
    head = f"{'few':>7} {'CPU':>7} {'many':>7} {'CPU':>7}"
    return Table(
        f"{f'pages with {FEW} packs and with {MANY}, ms':<48} {head}",
        [f"{it.page:<48} {it.few_ms:>7} {it.few_cpu_ms:>7} {it.many_ms:>7} {it.many_cpu_ms:>7}" for it in costs],
        [asdict(it) for it in costs],
    )


def measure() -> Iterator[PageCost]:
    """Every page, of two projects with the same files, one after the other in each round."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        app = create_app(Config.from_environment({"HOLDFAST_DATA": str(data)}))
        rooms.load_models()
        schema.upgrade()
        config.use(replace(config.current(), fold_packs=1000, consolidate_packs=1000))
        owner = create_user(name="bench", email="bench@example.org", password=secrets.token_hex())
        for name in ("few", "many"):
            access = create_project(owner, name=name, description="", visibility="public")
            _fill(Project(access.repository_id, Path(folder)), MANY if name == "many" else FEW)
        client = app.test_client()
        for page, path in PAGES.items():
            yield _compare(client, page, path)
        deployments.leave()


def _fill(project: Project, packs: int) -> None:
    """The same versions; in the end the project has so many packs."""
    project.upload({f"folder-{number % 10}/file-{number}.txt": 2000 for number in range(FILES)})
    for number in range(MANY - 1):
        if number == MANY - packs:
            with track_progress("consolidation") as work:
                consolidate(RepackRequest(project.repository_id), work)
        project.upload({f"folder-{number % 10}/file-{number}.txt": 2000})
    assert len(read_packs(project.repository_id)) == packs


def _compare(client: FlaskClient, page: str, path: str) -> PageCost:
    few, many = path.format("few"), path.format("many")
    for address in (few, many):
        client.get(address)
        client.get(address)
    costs = [(measure_request(client, few), measure_request(client, many)) for _ in range(ROUNDS)]
    medians = [statistics.median(cost[which][kind] for cost in costs) for which in (0, 1) for kind in (0, 1)]
    return PageCost(page, *(round(value, 1) for value in medians))
