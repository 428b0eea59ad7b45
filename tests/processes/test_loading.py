"""What processes do not load: each of these modules takes megabytes in every one of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.run import ROOT

NEVER = {"PIL", "alembic", "cramjam", "cryptography", "mako", "pillow_heif", "pyrage", "python_calamine", "tinytag"}
"""What migrations, encrypted backups and readers of files need, which commands, jobs and the sandbox load."""
WEB = "import app; from framework.application import load_ahead; load_ahead(app.app)"
WORKER = "from framework.celery.celery import app; app.loader.import_default_modules(); rooms.load_ahead()"


@pytest.mark.parametrize(("start", "more"), [(WEB, set[str]()), (WORKER, {"framework.browse.views", "pydantic"})])
def test_a_process_at_home_loads_only_what_it_needs(tmp_path: Path, start: str, more: set[str]) -> None:
    unneeded = NEVER | more | {"boto3", "botocore.client", "psycopg"}
    assert loaded(start, tmp_path) & unneeded == set()


def test_what_speaks_to_a_bucket_and_to_postgresql_is_there_before_a_fork(tmp_path: Path) -> None:
    variables = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "S3_BUCKET": "b"}
    needed = {"boto3", "psycopg"}
    assert loaded(WEB, tmp_path, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", **variables) >= needed


def loaded(start: str, data: Path, **variables: str) -> set[str]:
    """The modules that a process has after this code, which opens no connection."""
    code = f"import sys; from framework import rooms; {start}; print(*sys.modules)"
    environment = {"HOLDFAST_DATA": str(data), "PATH": "/usr/bin:/bin", **variables}
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True, text=True
    )
    return set(made.stdout.split())
