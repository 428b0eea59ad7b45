"""What a page costs where a project has many packs that nobody has folded yet, beside the same with two."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from benchmarks.reading.pages import measure_request
from benchmarks.report.figures import Comparison, Runs, cpu_ratio
from benchmarks.report.table import Table, show_comparisons
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


def tabulate() -> Table:
    """How long the server works on a page of a project with many packs, beside one with two."""
    return show_comparisons(f"pages with {MANY} packs, and with {FEW}", list(measure()))


def measure() -> Iterator[Comparison]:
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


def _compare(client: FlaskClient, page: str, path: str) -> Comparison:
    few, many = path.format("few"), path.format("many")
    for address in (few, many):
        client.get(address)
        client.get(address)
    costs = [(measure_request(client, few), measure_request(client, many)) for _ in range(ROUNDS)]
    less, more = (_runs_of(runs) for runs in zip(*costs, strict=True))
    few_packs = f"{FEW} packs"
    ratio = cpu_ratio(f"{page} with {MANY} packs", more, few_packs, less)
    return Comparison(page, more, {few_packs: less}, [ratio])


def _runs_of(milliseconds: Iterable[tuple[float, float]]) -> Runs:
    wall, cpu = zip(*milliseconds, strict=True)
    return Runs([each / 1000 for each in wall], [each / 1000 for each in cpu])
