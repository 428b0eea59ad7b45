"""The doctor: what is well is said in one line, what is not fails with words that help."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from framework.celery import schedule
from framework.celery.models import ScheduledJob
from framework.celery.tasks import poll_outbox
from framework.config import Config
from framework.database.session import transaction
from framework.doctor import checks
from framework.doctor.checks import ALL, examine
from framework.storage import current
from tests.servers.processes import free_port
from tests.servers.run import Run
from tests.servers.workers import worker


def finding(part: str) -> str:
    """What is wrong with this part."""
    [found] = examine({part: ALL[part]})
    assert not found.well, found.words
    return found.words


def test_everything_is_well_where_everything_runs(run: Run, settings: Config) -> None:
    schedule.start_due_jobs()
    with worker(run, settings):
        findings = examine(ALL)
    assert [finding for finding in findings if not finding.well] == []
    assert [finding.part for finding in findings] == list(ALL)


def test_the_command_says_a_line_for_each_part_and_fails_when_one_does(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "WORKER_SECONDS", 1)
    answer = app.test_cli_runner().invoke(args=["doctor"])
    lines = answer.output.splitlines()
    assert answer.exit_code == 1
    assert [line.split()[1] for line in lines] == list(ALL)
    assert {line.split()[1] for line in lines if line.startswith("FAILS")} == {"workers", "scheduler"}
    assert "celery -A framework.celery.celery worker" in answer.output


def test_ready_means_database_store_and_broker_answer(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"database": "ok", "store": "ok", "broker": "ok"})


@pytest.mark.parametrize("deployment", ["embedded"])
def test_a_broker_that_is_away_makes_it_unready_and_not_unhealthy(
    client: FlaskClient, with_settings: Callable[..., Config]
) -> None:
    with_settings(broker_url=f"redis://:secret@127.0.0.1:{free_port()}/0")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"database": "ok", "store": "ok", "broker": "fails"})
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("deployment", ["embedded"])
def test_a_database_that_is_away_makes_it_unready(client: FlaskClient, with_settings: Callable[..., Config]) -> None:
    with_settings(database_url=f"postgresql+psycopg://nobody:secret@127.0.0.1:{free_port()}/none")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["database"] if answer.json else None) == (503, "fails")
    assert "secret" not in answer.text


@pytest.mark.parametrize("deployment", ["embedded"])
def test_a_store_that_is_away_makes_it_unready(client: FlaskClient, with_settings: Callable[..., Config]) -> None:
    with_settings(
        s3_bucket="none",
        s3_endpoint_url=f"http://127.0.0.1:{free_port()}",
        s3_region="x",
        s3_access_key_id="k",
        s3_secret_access_key="s",
    )
    answer = client.get("/readyz")
    current.dispose()
    assert (answer.status_code, answer.json["store"] if answer.json else None) == (503, "fails")


def test_it_sees_tables_of_another_version(settings: Config) -> None:
    with transaction() as session:
        session.execute(text("DROP TABLE login_failures"))
    assert "flask database upgrade" in finding("database")


@pytest.mark.parametrize("deployment", ["embedded"])
def test_it_sees_that_scheduled_work_stands_still(settings: Config) -> None:
    poll_outbox.delay()
    with transaction() as session:
        session.get_one(ScheduledJob, "outbox").next_run_at -= timedelta(minutes=10)
    assert "beat" in finding("scheduler")


@pytest.mark.parametrize("deployment", ["embedded"])
def test_it_sees_that_the_mail_server_is_away(with_settings: Callable[..., Config]) -> None:
    with_settings(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    assert "does not answer" in finding("mail")


@pytest.mark.parametrize("deployment", ["embedded"])
def test_it_sees_limits_that_exclude_each_other(with_settings: Callable[..., Config]) -> None:
    with_settings(max_file_bytes=2, max_request_bytes=1)
    assert "MAX_FILE_BYTES" in finding("limits")


@pytest.mark.parametrize("deployment", ["embedded"])
def test_it_sees_a_disk_that_is_too_small(with_settings: Callable[..., Config]) -> None:
    with_settings(max_request_bytes=1 << 60)
    assert "one request may need MAX_REQUEST_BYTES" in finding("limits")
    with_settings(max_push_bytes=1 << 60)
    assert "one request may need MAX_PUSH_BYTES" in finding("limits")


@pytest.mark.parametrize("deployment", ["embedded"])
def test_it_sees_a_broker_address_that_is_none(with_settings: Callable[..., Config]) -> None:
    with_settings(broker_url="carrier-pigeon://")
    assert "BROKER_URL" in finding("broker")


@pytest.mark.parametrize("deployment", ["embedded"])
def test_it_sees_a_data_folder_that_cannot_be_written(with_settings: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with_settings(data=tmp_path / "a file" / "data")
    assert finding("store")


@pytest.mark.parametrize("deployment", ["production-like"])
def test_a_storage_class_that_the_service_does_not_know_is_told(with_settings: Callable[..., Config]) -> None:
    with_settings(archive_storage_class="GLACIER_IR")
    assert "refuses this server" in finding("store")
