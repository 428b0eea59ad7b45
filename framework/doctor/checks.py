"""The checks: each tries one part for real and says what it found, or raises what went wrong."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from celery.exceptions import TimeoutError as NoAnswer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from framework import config
from framework.celery import broker, presence
from framework.celery.models import ScheduledJob
from framework.celery.tasks import echo
from framework.config import ConfigError
from framework.database import schema
from framework.database.session import reading
from framework.database.types import now
from framework.doctor.attention import attention
from framework.doctor.queues import foreign_nodes, queue_states
from framework.email import delivery
from framework.errors import HoldfastError, Unavailable
from framework.repositories import git
from framework.repositories.scrub import read_health
from framework.storage.contract import ObjectMissing, ObjectStore
from framework.storage.current import store

WORKER_SECONDS = 20
SCHEDULER_LATE = timedelta(minutes=2)
DRILL_LATE = timedelta(days=21)
MIB = 1024 * 1024

Check = Callable[[], str]


class NotWell(Unavailable):
    """A part answers, but not as it has to."""


@dataclass(frozen=True)
class Finding:
    """What came of one check: the part, whether it is well, and the words about it."""

    part: str
    well: bool
    words: str


def examine(checks: Mapping[str, Check]) -> list[Finding]:
    """Try every part; a failure is a finding, and the next part is tried all the same."""
    return [_found(part, check) for part, check in checks.items()]


def _found(part: str, check: Check) -> Finding:
    try:
        return Finding(part, well=True, words=check())
    except (HoldfastError, ConfigError, SQLAlchemyError, OSError) as failure:
        return Finding(part, well=False, words=" ".join(str(failure).split()))


def database_answers() -> str:
    """One question to the database."""
    with reading() as session:
        session.execute(text("SELECT 1"))
        return str(session.get_bind().dialect.name)


def database() -> str:
    """The database answers, and its tables are those of this version."""
    name = database_answers()
    if schema.differences():
        raise NotWell("the tables are not those of this version; run: flask database upgrade")
    return f"{name}, the tables are up to date"


def store_answers() -> str:
    """One question to the object store, about an object that nobody has."""
    with suppress(ObjectMissing):
        store().size("doctor/nothing")
    return "answers"


def object_store() -> str:
    """An object is stored, moved to the archive's class where there is one, read, read in part and deleted."""
    key, body, opened = f"doctor/{secrets.token_hex(16)}", secrets.token_bytes(4096), store()
    opened.put(key, body, sha256=hashlib.sha256(body).hexdigest())
    try:
        if named := config.current().archive_storage_class:
            opened.change_class(key, named, sha256=hashlib.sha256(body).hexdigest())
        _read_back(opened, key, body)
    finally:
        opened.delete(key)
    with suppress(ObjectMissing):
        opened.size(key)
        raise NotWell("an object is still there after it was deleted; look at the bucket's retention rules")
    return f"put, get, range and delete work ({config.current().s3_bucket or 'a folder'})"


def _read_back(opened: ObjectStore, key: str, body: bytes) -> None:
    if opened.read(key) != body:
        raise NotWell("an object came back with other bytes than were stored")
    with opened.stream(key, 1000, 96) as part:
        if b"".join(part) != body[1000:1096]:
            raise NotWell("a part of an object came back with other bytes than were stored")


def objects() -> str:
    """What the scrub found when it read everything back."""
    health = read_health()
    if health.example:
        raise NotWell(
            f"{health.damaged_packs} packs, {health.damaged_lfs_objects} Git LFS objects and "
            f"{health.damaged_repositories} projects are damaged; docs/recovery.md tells what to do. For example: "
            f"{health.example}"
        )
    if health.oldest_check_at is None:
        return "nothing is stored yet"
    if health.late:
        raise NotWell(f"some of it was last read back on {health.oldest_check_at:%Y-%m-%d}; is the scheduler running?")
    return f"everything was right when it was last read back or sent, the oldest on {health.oldest_check_at:%Y-%m-%d}"


def rebuild_drill() -> str:
    """What the weekly rehearsal of a rebuild found."""
    with reading() as session:
        job = session.get(ScheduledJob, "drill")
    if job is None or job.last_run_at is None:
        return "has not run yet; it does every Saturday, and at `flask storage drill`"
    result = json.loads(job.last_result or "{}")
    if result.get("error") or result.get("fault_count"):
        raise NotWell(f"failed on {job.last_run_at:%Y-%m-%d}: {result.get('error') or result['faults'][0]}")
    if now() - job.last_run_at > DRILL_LATE:
        raise NotWell(f"has not run since {job.last_run_at:%Y-%m-%d}; is the scheduler running?")
    return f"{result['repositories']} projects came back on {job.last_run_at:%Y-%m-%d} in {result['seconds']:g} s"


def broker_answers() -> str:
    """The broker takes a connection."""
    with broker.connected():
        return "a folder" if broker.in_folder() else str(broker.url().partition("://")[0])


def workers() -> str:
    """A task goes the whole way: outbox, broker, worker, result."""
    sent = echo.delay("well")
    try:
        sent.get(timeout=WORKER_SECONDS, interval=0.1)
    except NoAnswer:
        raise NotWell(
            f"no worker answered within {WORKER_SECONDS} seconds; start one: celery -A framework.celery.celery worker"
        ) from None
    return "a task came back"


def queues_move() -> str:
    """What waits in each queue, and the workers that serve them, with what one should look at."""
    states, crew = queue_states(), presence.workers()
    waiting = ", ".join(f"{state.name} {state.waiting:,}" for state in states)
    serving = ", ".join(f"{each.node} {each.release}" for each in crew if presence.is_up(each)) or "nobody"
    warnings = attention(crew, states, foreign_nodes())
    return "; ".join([f"waiting in {waiting}", f"served by {serving}", *(f"LOOK: {told}" for told in warnings)])


def scheduler() -> str:
    """The poller of the outbox runs when it is due."""
    with reading() as session:
        job = session.get(ScheduledJob, "outbox")
    if job is None or now() - job.next_run_at > SCHEDULER_LATE:
        raise NotWell("scheduled work has not run lately; start: celery -A framework.celery.celery beat, or worker -B")
    return f"last run {job.last_run_at:%H:%M:%S} UTC" if job.last_run_at else "about to run for the first time"


def mail() -> str:
    """The mail server lets us in, or the folder of messages takes files."""
    return f"goes to {delivery.check_server()}"


def git_program() -> str:
    """The git executable runs."""
    version = git.version()
    if version is None:
        raise NotWell("git is not installed, or not in PATH")
    return version


def limits() -> str:
    """The limits fit each other and the disk."""
    settings = config.current()
    if settings.max_file_bytes > settings.max_request_bytes:
        raise NotWell("MAX_FILE_BYTES is above MAX_REQUEST_BYTES: no file of that size could arrive")
    settings.data.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data).free
    for name, needed in (
        ("MAX_REQUEST_BYTES", settings.max_request_bytes),
        ("MAX_PUSH_BYTES", settings.max_push_bytes),
    ):
        if free < needed:
            raise NotWell(f"only {free // MIB} MiB are free in {settings.data}; one request may need {name}")
    return f"{settings.max_file_bytes // MIB} MiB a file, {free // MIB} MiB free in {settings.data}"


READY: Mapping[str, Check] = {"database": database_answers, "store": store_answers, "broker": broker_answers}
"""What a process needs to answer requests."""

ALL: Mapping[str, Check] = {
    "database": database,
    "store": object_store,
    "objects": objects,
    "drill": rebuild_drill,
    "broker": broker_answers,
    "workers": workers,
    "queues": queues_move,
    "scheduler": scheduler,
    "mail": mail,
    "git": git_program,
    "limits": limits,
}
"""What a deployment needs to do its work."""
