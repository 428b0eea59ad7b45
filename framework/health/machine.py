"""This machine: how far its clock is from those of the parts, and what its memory is used for."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select

from framework import config
from framework.config import Config
from framework.database.session import read_transaction

MOST_APART_SECONDS = 5.0
"""Longer than a writer's lease is renewed before it lapses."""
ANSWER_SECONDS = 3
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
IN_USE = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
KINDS = {"web": "app:app", "worker": "framework.celery.celery"}
"""What stands in the command lines of our processes."""


def seconds_ahead() -> dict[str, float]:
    """By how much the clocks of the database and of the store are ahead of this machine's; none of a file or folder.

    The store's tells full seconds.

    Raises:
        SQLAlchemyError, OSError: a part does not answer.
    """
    settings = config.current()
    apart = {} if settings.database_url.startswith("sqlite") else {"database": _database_ahead()}
    return apart if settings.store_folder else apart | {"store": _store_ahead(settings)}


def find_exposed_path() -> Path | None:
    """A folder or file of this deployment's that other users of the machine may read, if there is one.

    A folder that is open is fine while everything in it is private.
    """
    settings = config.current()
    kept = (settings.data, settings.store_folder, settings.broker_folder, settings.mail_folder)
    for folder in (folder for folder in kept if folder and folder.is_dir() and _is_open(folder)):
        if found := next((path for path in sorted(folder.iterdir()) if _is_open(path)), None):
            return found
    return None


def memory() -> tuple[int, int] | None:
    """Bytes of memory that this machine, or its container, has in use, and may use; None where nobody tells."""
    used, limit = _number(IN_USE), _number(LIMITS)
    facts = _meminfo()
    if not facts:
        return None
    if limit is None or used is None or limit > facts["MemTotal"]:
        return facts["MemTotal"] - facts["MemAvailable"], facts["MemTotal"]
    return used, limit


def process_bytes() -> dict[str, list[int]]:
    """What each of our processes takes, by kind; memory that several share is counted in parts (PSS)."""
    found: dict[str, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            for kind, mark in KINDS.items():
                if mark in command.split("\0"):
                    found.setdefault(kind, []).append(_pss(process))
    return found


def _database_ahead() -> float:
    with read_transaction() as session:
        session.connection()
        before = time.time()
        there: datetime = session.scalars(select(func.clock_timestamp())).one()
        return there.timestamp() - (before + time.time()) / 2


def _store_ahead(settings: Config) -> float:
    """An unsigned request is refused, and its answer has a date (RFC 9110, section 6.6.1)."""
    address = urlsplit(settings.s3_endpoint_url or f"https://s3.{settings.s3_region or 'us-east-1'}.amazonaws.com")
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    with closing(kind(address.hostname or "", address.port, timeout=ANSWER_SECONDS)) as connection:
        try:
            connection.request("HEAD", "/")
            told = connection.getresponse().headers.get("Date", "")
            there = parsedate_to_datetime(told)
        except (http.client.HTTPException, ValueError) as failure:
            raise OSError(f"the store tells no date: {failure}") from failure
    return (there - datetime.now(UTC)).total_seconds()


def _is_open(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return bool(path.lstat().st_mode & config.PRIVATE) and not path.is_symlink()
    return False


def _number(paths: tuple[str, ...]) -> int | None:
    for path in paths:
        with suppress(OSError, ValueError):
            return int(Path(path).read_text())
    return None


def _meminfo() -> dict[str, int]:
    """Linux's own facts, in bytes."""
    with suppress(OSError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return {name: int(rest.split()[0]) * 1024 for name, _colon, rest in (line.partition(":") for line in lines)}
    return {}


def _pss(process: Path) -> int:
    lines: Iterator[str] = iter((process / "smaps_rollup").read_text().splitlines())
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
