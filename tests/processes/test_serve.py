"""`make serve` and `make run` with requirements.txt alone, on every broker: a person's way from sign-up to clone."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import pytest
import requests
from honcho.environ import parse_procfile

from tests.cast import PASSWORD, csrf_token
from tests.environment.conftest import PRODUCTION
from tests.githttp.client import Person
from tests.servers.application.production import production_programs
from tests.servers.backends.ceph import Ceph
from tests.servers.backends.postgres import Postgres
from tests.servers.backends.smtp import SmtpServer
from tests.servers.processes import Process, accepts, free_port
from tests.servers.run import ROOT, Run

BROKERS = ("redis", "rabbitmq", pytest.param("folder", marks=pytest.mark.long))
"""`make run` has a folder as well."""


@dataclass(frozen=True)
class Site:
    """A deployment that runs, and its mail server."""

    url: str
    process: Process
    smtp: SmtpServer


@contextmanager
def site(run: Run, kind: str, smtp: SmtpServer, variables: dict[str, str]) -> Iterator[Site]:
    """`make serve` or `make run` with these variables and the programs of production; it ends when it is told to."""
    port = free_port()
    url = f"http://localhost:{port}"
    command = [str(production_programs(run) / "python"), str(ROOT / "tools" / "run.py"), kind]
    own = {"PORT": str(port), "WEB_CONCURRENCY": "1", "BASE_URL": url, "SMTP_URL": smtp.url}
    process = run.start(f"{kind}-{port}", command, {**variables, **own})
    try:
        process.wait_until(lambda: accepts(port))
        yield Site(url, process, smtp)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
        assert not accepts(port)
        assert "SIGKILL" not in process.log.read_text()
    finally:
        process.stop()


@pytest.fixture
def in_production(postgres: Postgres, ceph: Ceph, bucket: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of a production deployment whose database is empty, all but the broker's."""
    database = postgres.new_database(migrated=False)
    yield {
        **PRODUCTION,
        "HOLDFAST_DATA": str(tmp_path / "data"),
        "DATABASE_URL": database,
        "S3_BUCKET": bucket,
        "S3_ENDPOINT_URL": ceph.endpoint_url,
        "S3_REGION": ceph.region,
        "AWS_ACCESS_KEY_ID": ceph.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ceph.secret_access_key,
    }
    postgres.drop_database(database)


class Browser(requests.Session):
    """A person's browser, without a window."""

    def submit(
        self, page: str, *, files: dict[str, tuple[str, bytes]] | None = None, **fields: str
    ) -> requests.Response:
        """Open the page and post its form."""
        token = csrf_token(self.get(page).text)
        answer = self.post(page, data={**fields, "csrf_token": token}, files=files)
        assert answer.status_code == 200, answer.text
        return answer


def go_the_way(at: Site, folder: Path) -> None:
    """Sign up, confirm the address that a mail came to, upload a file, clone it."""
    with Browser() as browser:
        browser.submit(f"{at.url}/signup", username="dora", email="dora@example.org", password=PASSWORD)
        while not at.smtp.deliveries:
            sleep(0.05)
        text = at.smtp.deliveries[0].message.get_body(("plain",))
        link = re.search(rf"{at.url}/verify/\S+", text.get_content() if text else "")
        assert link
        assert browser.get(link[0]).status_code == 200
        browser.submit(f"{at.url}/new", name="thesis", description="", visibility="private")
        browser.submit(
            f"{at.url}/dora/thesis/upload", files={"files": ("a.txt", b"one")}, message="First", branch="main"
        )
    copy = Person("dora", folder, at.url).clone("dora/thesis", "copy")
    assert (copy.folder / "a.txt").read_bytes() == b"one"


@pytest.mark.parametrize("broker", BROKERS)
def test_production_serves_on_every_broker(
    run: Run,
    in_production: dict[str, str],
    smtp: SmtpServer,
    broker: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    url = f"folder:{tmp_path / broker}" if broker == "folder" else request.getfixturevalue(broker)
    with site(run, "serve", smtp, {**in_production, "BROKER_URL": url}) as at:
        go_the_way(at, tmp_path)


def test_a_home_deployment_serves_and_each_process_tells_once_of_a_misspelt_variable(
    run: Run, smtp: SmtpServer, tmp_path: Path
) -> None:
    with site(run, "run", smtp, {"HOLDFAST_DATA": str(tmp_path / "data"), "S3_BUKET": "projects"}) as at:
        go_the_way(at, tmp_path)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert [path for path in made if path.lstat().st_mode & 0o077] == [], "others on the machine may read these"
    lines = parse_procfile((ROOT / "Procfile.local").read_text()).processes
    assert at.process.log.read_text().count("S3_BUKET is no setting of Holdfast") == len(lines)
