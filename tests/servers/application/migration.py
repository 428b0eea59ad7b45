"""Databases with every table, made without touching this process's configuration."""

import os
import subprocess
import sys
from pathlib import Path

from tests.servers.run import ROOT, Facts, Run

_MIGRATE = "from framework.database import engine, schema; schema.upgrade(); engine.dispose()"


def migrate(url: str, data: Path) -> None:
    """Bring a database to the newest revision, in a process of its own: this one's configuration stays as it is."""
    command = [sys.executable, "-c", _MIGRATE]
    environment = {"DATABASE_URL": url, "HOLDFAST_DATA": str(data), "PATH": os.environ["PATH"]}
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def migrated_sqlite(run: Run) -> Path:
    """An SQLite file with every table, to be copied."""
    return Path(run.shared("sqlite", _make)["path"])


def _make(run: Run) -> Facts:
    path = run.data("sqlite") / "migrated.sqlite3"
    migrate(f"sqlite:///{path}", path.parent)
    return {"path": str(path)}
