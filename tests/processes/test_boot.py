"""What cannot work does not start, and says why in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.run import ROOT

GUNICORN = ["gunicorn", "app:app"]
FLASK = ["flask", "database", "upgrade"]
WORKER = ["celery", "-A", "framework.celery.celery", "worker"]
PRODUCTION = {"HOLDFAST_ENV": "production", "DATABASE_URL": "postgresql://db/holdfast", "SECRET_KEY": "k"}


def refusal(command: list[str], variables: dict[str, str], path: str | None = None) -> str:
    """What the command says before it ends with an error."""
    environment = {**variables, "PATH": path or os.environ["PATH"]}
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("command", [GUNICORN, FLASK, WORKER], ids=lambda command: command[0])
@pytest.mark.parametrize("missing", ["DATABASE_URL", "SECRET_KEY"])
def test_production_needs_its_variables(command: list[str], missing: str, tmp_path: Path) -> None:
    said = refusal(command, {**PRODUCTION, "HOLDFAST_DATA": str(tmp_path), missing: ""})
    assert said.startswith(f"Holdfast does not start: {missing} is not set;")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("command", [GUNICORN, FLASK], ids=lambda command: command[0])
def test_it_needs_git(command: list[str], tmp_path: Path) -> None:
    said = refusal(command, {"HOLDFAST_DATA": str(tmp_path)}, path=str(tmp_path))
    assert said.startswith("Holdfast does not start: git is not installed")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("command", [GUNICORN, FLASK, WORKER], ids=lambda command: command[0])
def test_a_number_has_to_be_one(command: list[str], tmp_path: Path) -> None:
    said = refusal(command, {"HOLDFAST_DATA": str(tmp_path), "MAX_FILE_BYTES": "100 MiB"})
    assert "MAX_FILE_BYTES is '100 MiB'; set it to a whole number" in said
