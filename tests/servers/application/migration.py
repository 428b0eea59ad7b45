"""Databases with every table, made without touching this process's configuration."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.run import ROOT, Facts, Run

_MIGRATE = "from framework.database import engine, schema; schema.upgrade(); engine.dispose()"
_LOOK = (
    "from framework.database import engine; from framework.storage import current; "
    "current.ownership().look(); engine.dispose()"
)


def migrate(url: str, data: Path) -> None:
    """Bring a database to the newest revision, in a process of its own: this one's configuration stays as it is."""
    _run(_MIGRATE, url, data)


def migrated_sqlite(run: Run) -> Path:
    """An SQLite file with every table, to be copied."""
    return Path(run.shared("sqlite", _make)["path"])


def claimed_data(run: Run) -> Path:
    """The data folder of a deployment that has claimed its store and stored nothing yet, to be copied."""
    return Path(run.shared("claimed", _claim)["path"])


def _make(run: Run) -> Facts:
    path = run.data("sqlite") / "migrated.sqlite3"
    migrate(f"sqlite:///{path}", path.parent)
    return {"path": str(path)}


def _claim(run: Run) -> Facts:
    data = run.data("claimed") / "data"
    data.mkdir()
    url = f"sqlite:///{data / 'holdfast.sqlite3'}"
    shutil.copyfile(migrated_sqlite(run), data / "holdfast.sqlite3")
    _run(_LOOK, url, data)
    return {"path": str(data)}


def _run(program: str, url: str, data: Path) -> None:
    environment = {"DATABASE_URL": url, "HOLDFAST_DATA": str(data), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env=environment)
