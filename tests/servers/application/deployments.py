"""The two kinds of deployment that every promise holds for: embedded, and like production."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from framework.config import Config
from framework.database import engine
from framework.repositories.cache import threads
from framework.storage import current
from tests.servers.application.migration import claimed_data, migrated_sqlite
from tests.servers.backends.ceph import ceph
from tests.servers.backends.postgres import postgres
from tests.servers.backends.redis import new_redis_url
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

SECRET_KEY = secrets.token_hex(32)
_NAMES = {
    "data": "HOLDFAST_DATA",
    "s3_access_key_id": "AWS_ACCESS_KEY_ID",
    "s3_secret_access_key": "AWS_SECRET_ACCESS_KEY",
}


@contextmanager
def embedded(run: Run, data: Path, *, claimed: bool = True) -> Iterator[Config]:
    """SQLite, a folder as the store and as the broker: what `make run` gives a person at home.

    It has claimed its folder, as a deployment does before its first write, unless that is left to the test.
    """
    data.mkdir(mode=0o700)
    if claimed:
        shutil.copytree(claimed_data(run), data, dirs_exist_ok=True)
    else:
        shutil.copyfile(migrated_sqlite(run), data / "holdfast.sqlite3")
    yield Config(
        data=data,
        database_url=f"sqlite:///{data / 'holdfast.sqlite3'}",
        secret_key=SECRET_KEY,
        base_url="http://localhost",
        broker_url="filesystem://",
        longest_wait_seconds=HANG_SECONDS,
    )


@contextmanager
def production_like(run: Run, data: Path) -> Iterator[Config]:
    """PostgreSQL, a bucket, Redis: a database, a bucket and a broker of one's own, taken away after the block."""
    data.mkdir(mode=0o700)
    server, store = postgres(run), ceph(run)
    database_url, bucket = server.borrow_database(), store.new_bucket()
    yield Config(
        data=data,
        database_url=database_url,
        secret_key=SECRET_KEY,
        base_url="http://localhost",
        broker_url=new_redis_url(run),
        longest_wait_seconds=HANG_SECONDS,
        production=True,
        s3_bucket=bucket,
        s3_endpoint_url=store.endpoint_url,
        s3_region=store.region,
        s3_access_key_id=store.access_key_id,
        s3_secret_access_key=store.secret_access_key,
        smtp_url="folder:",
    )
    server.give_back(database_url)
    store.remove_bucket(bucket)


@contextmanager
def beside(run: Run, settings: Config, data: Path) -> Iterator[Config]:
    """Another deployment, with a database and a disk of its own, that is given the same bucket."""
    if settings.s3_bucket is None:
        with embedded(run, data, claimed=False) as made:
            (settings.data / "objects").mkdir(exist_ok=True)
            (data / "objects").symlink_to(settings.data / "objects")
            yield replace(made, owner_look_seconds=settings.owner_look_seconds)
        return
    data.mkdir(mode=0o700)
    database_url = postgres(run).new_database()
    yield replace(settings, data=data, database_url=database_url)
    postgres(run).drop_database(database_url)


DEPLOYMENTS = {"embedded": embedded, "production-like": production_like}


def environment(settings: Config) -> dict[str, str]:
    """The variables from which another process reads these settings."""
    plain = {field.name: getattr(settings, field.name) for field in fields(settings)}
    written = {
        _NAMES.get(name, name.upper()): str(value)
        for name, value in plain.items()
        if isinstance(value, (str, int, Path)) and not isinstance(value, bool) and name != "git_path"
    }
    return {**written, "HOLDFAST_ENV": "production" if settings.production else ""}


def leave() -> None:
    """Close what this process has open at the present deployment, when its threads are done with it.

    A connection in use would be closed by nobody, and fail whichever test runs when it is collected.
    """
    threads.wait_for_all()
    in_use = engine.engine().pool.status()
    assert in_use.startswith("0 of "), in_use
    engine.dispose()
    current.dispose()
