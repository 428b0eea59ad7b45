"""The doctor: what is well is said in one line, what is not fails with words that help."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from framework import __version__
from framework.celery import schedule
from framework.celery.models import ScheduledJob
from framework.celery.tasks import poll_outbox
from framework.config import Config
from framework.database.session import transaction
from framework.health import checks
from framework.health.doctor import ALL
from framework.health.examination import examine
from framework.storage import current
from tests.cast import on_each_deployment_in_full, on_one_deployment
from tests.servers.application.workers import worker
from tests.servers.processes import free_port
from tests.servers.run import Run

pytestmark = on_each_deployment_in_full


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


@on_one_deployment
def test_the_command_tests_only_the_parts_that_are_named(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    answer = run(args=["doctor", "git", "store"])
    assert [line.split()[:2] for line in answer.output.splitlines()] == [["ok", "git"], ["ok", "store"]]
    assert "is not one of" in run(args=["doctor", "disk"]).output


def test_ready_means_database_store_and_broker_answer(client: FlaskClient) -> None:
    assert client.get("/healthz").text == f"ok\nHoldfast {__version__}\n"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"database": "ok", "store": "ok", "broker": "ok", "writing": "ok"},
    )


@pytest.mark.deployments("embedded")
def test_a_broker_that_is_away_makes_it_unready_and_not_unhealthy(
    client: FlaskClient, with_settings: Callable[..., Config]
) -> None:
    with_settings(broker_url=f"redis://:secret@127.0.0.1:{free_port()}/0")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"database": "ok", "store": "ok", "broker": "fails"})
    assert client.get("/healthz").status_code == 200


@pytest.mark.deployments("embedded")
def test_a_database_that_is_away_makes_it_unready(client: FlaskClient, with_settings: Callable[..., Config]) -> None:
    with_settings(database_url=f"postgresql+psycopg://nobody:secret@127.0.0.1:{free_port()}/none")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["database"] if answer.json else None) == (503, "fails")
    assert "secret" not in answer.text


@pytest.mark.deployments("embedded")
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


@pytest.mark.deployments("embedded")
def test_it_sees_that_scheduled_work_stands_still(settings: Config) -> None:
    poll_outbox.delay()
    with transaction() as session:
        session.get_one(ScheduledJob, "outbox").next_run_at -= timedelta(minutes=10)
    assert "beat" in finding("scheduler")


@pytest.mark.deployments("embedded")
def test_it_sees_that_the_mail_server_is_away(with_settings: Callable[..., Config]) -> None:
    with_settings(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    assert "nothing listens at" in finding("mail")


@on_one_deployment
def test_it_sees_files_that_others_on_the_machine_may_read(settings: Config) -> None:
    outbox, mail = settings.data / "outbox", settings.data / "outbox" / "1.eml"
    outbox.mkdir(mode=0o700)
    mail.touch(mode=0o644)
    settings.data.chmod(0o711)
    for path in settings.data.iterdir():
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert ALL["files"]() == "private"
    outbox.chmod(0o755)
    assert finding("files") == f"other users of this machine may read {outbox}: chmod -R go= {settings.data}"


def test_it_sees_limits_that_exclude_each_other(with_settings: Callable[..., Config]) -> None:
    with_settings(max_file_bytes=2, max_request_bytes=1)
    assert "MAX_FILE_BYTES" in finding("limits")


@pytest.mark.deployments("embedded")
def test_it_sees_a_disk_that_is_too_small(with_settings: Callable[..., Config]) -> None:
    with_settings(max_request_bytes=1 << 60)
    assert "one request may need MAX_REQUEST_BYTES" in finding("limits")
    with_settings(max_push_bytes=1 << 60)
    assert "one request may need MAX_PUSH_BYTES" in finding("limits")


@pytest.mark.deployments("embedded")
def test_it_sees_a_data_folder_that_cannot_be_written(with_settings: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with_settings(data=tmp_path / "a file" / "data")
    assert finding("store")


@pytest.mark.deployments("production-like")
def test_a_storage_class_that_the_service_does_not_know_is_told(with_settings: Callable[..., Config]) -> None:
    with_settings(archive_storage_class="GLACIER_IR")
    assert "has no class GLACIER_IR: set or leave out ARCHIVE_STORAGE_CLASS" in finding("store")


@on_one_deployment
def test_it_names_the_folders_that_stand_for_services(with_settings: Callable[..., Config], tmp_path: Path) -> None:
    with_settings(s3_bucket=f"folder:{tmp_path}/s3", broker_url=f"folder:{tmp_path}/b", smtp_url=f"folder:{tmp_path}/m")
    words = {found.part: found.words for found in examine(ALL) if found.part in {"store", "broker", "mail"}}
    assert f"the folder {tmp_path}/s3, for one machine alone" in words["store"]
    assert words["broker"] == f"the folder {tmp_path}/b, for one machine alone"
    assert words["mail"] == f"goes to {tmp_path}/m: files; nothing is sent"


@on_one_deployment
def test_it_names_a_variable_that_is_nearly_ours(with_settings: Callable[..., Config]) -> None:
    with_settings(misspelt=(("MAX_FILE_BYTE", "MAX_FILE_BYTES"),))
    [found] = examine({"settings": ALL["settings"]})
    assert found.well
    assert found.words == "at home; LOOK: MAX_FILE_BYTE is no setting of Holdfast; is MAX_FILE_BYTES meant?"
