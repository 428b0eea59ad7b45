"""What cannot work does not start, and says why in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment.conftest import PRODUCTION
from tests.servers.run import ROOT

GUNICORN = ["gunicorn", "app:app"]
FLASK = ["flask", "database", "upgrade"]
WORKER = ["celery", "-A", "framework.celery.celery", "worker"]
COMMANDS = pytest.mark.parametrize("command", [GUNICORN, FLASK, WORKER], ids=lambda command: command[0])


def refusal(command: list[str], variables: dict[str, str], path: str | None = None) -> str:
    """What the command says before it ends with an error."""
    environment = {**variables, "PATH": path or os.environ["PATH"]}
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    return ended.stdout + ended.stderr


@COMMANDS
@pytest.mark.parametrize("lacking", ["S3_BUCKET", "BROKER_URL"])
def test_production_needs_its_variables(command: list[str], lacking: str, tmp_path: Path) -> None:
    said = refusal(command, {**PRODUCTION, "HOLDFAST_DATA": str(tmp_path), lacking: ""})
    assert said.startswith(f"Holdfast does not start: {lacking} is not set; ")
    assert len(said.splitlines()) == 1


def test_a_misspelt_variable_is_told_at_the_start(tmp_path: Path) -> None:
    variables = {"HOLDFAST_DATA": str(tmp_path), "S3_BUKET": "projects", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "flask", "--help"]
    ended = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
    assert ended.stderr == "S3_BUKET is no setting of Holdfast. Is S3_BUCKET meant?\n"


@pytest.mark.parametrize("command", [GUNICORN, FLASK], ids=lambda command: command[0])
def test_it_needs_git(command: list[str], tmp_path: Path) -> None:
    said = refusal(command, {"HOLDFAST_DATA": str(tmp_path)}, path=str(tmp_path))
    assert said.startswith("Holdfast does not start: git is not installed")
    assert len(said.splitlines()) == 1


@COMMANDS
def test_a_number_has_to_be_one(command: list[str], tmp_path: Path) -> None:
    said = refusal(command, {"HOLDFAST_DATA": str(tmp_path), "MAX_FILE_BYTES": "100 MiB"})
    assert "MAX_FILE_BYTES is '100 MiB'; set it to a whole number" in said


def test_a_process_has_at_least_two_database_connections(tmp_path: Path) -> None:
    said = refusal(GUNICORN, {"HOLDFAST_DATA": str(tmp_path), "DATABASE_CONNECTIONS": "1"})
    assert "DATABASE_CONNECTIONS is 1; set it to at least 2, for example 3" in said
