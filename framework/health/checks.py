"""The checks: each tries one part for real and says what it found, or raises what went wrong."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

from celery.exceptions import TimeoutError as NoAnswer
from sqlalchemy import text

from framework import config
from framework.celery import broker
from framework.celery.models import ScheduledJob
from framework.celery.tasks import echo
from framework.celery.worker import presence
from framework.database.session import read_transaction
from framework.database.types import now
from framework.email import delivery
from framework.formatting import MIB
from framework.gitcore import git
from framework.health import machine
from framework.health.attention import attention
from framework.health.examination import Check, NotWell
from framework.health.queues import foreign_nodes, queue_states
from framework.repositories.catalog.checks import read_health
from framework.storage.contract import ObjectMissing, ObjectStore
from framework.storage.current import open_store
from framework.storage.retries import RetryPolicy

WORKER_SECONDS = 20
AT_ONCE = RetryPolicy(connect_timeout_seconds=2, read_timeout_seconds=4, deadline_seconds=0)
"""No request is repeated: the doctor tells what happened, and who needs the store does not."""
START_WORKER = "start the worker: on Heroku `heroku ps:scale worker=1`, elsewhere the line `worker` of the Procfile"
SCHEDULER_LATE = timedelta(minutes=2)
MEMORY_FULL = 0.95
DRILL_LATE = timedelta(days=21)
DRILL = "flask storage drill"


def settings() -> str:
    """What this deployment is, and variables that are nearly one of ours."""
    kind = "production" if config.current().production else "at home"
    misspelt = config.current().misspelt
    return "; ".join(
        [kind, *(f"LOOK: {found} is no setting of Holdfast; is {meant} meant?" for found, meant in misspelt)]
    )


def one_machine(folder: Path) -> str:
    """The words about a folder that stands for a service."""
    return f"the folder {folder}, for one machine alone"


def database_answers() -> str:
    """One question to the database."""
    with read_transaction() as session:
        session.execute(text("SELECT 1"))
        return str(session.get_bind().dialect.name)


def store_answers() -> str:
    """One question to the object store, about an object that nobody has."""
    with closing(open_store(config.current(), AT_ONCE)) as opened, suppress(ObjectMissing):
        opened.size("doctor/nothing")
    return "answers"


def object_store() -> str:
    """An object is stored, moved to the archive's class where there is one, read, read in part and deleted."""
    with closing(open_store(config.current(), AT_ONCE)) as opened:
        next(iter(opened.list("doctor/")), None)  # unlike others, the answer to a LIST says what is wrong
        return _use(opened)


def _use(opened: ObjectStore) -> str:
    key, body = f"doctor/{secrets.token_hex(16)}", secrets.token_bytes(4096)
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
    folder = config.current().store_folder
    return f"put, get, range and delete work ({one_machine(folder) if folder else config.current().s3_bucket})"


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
    with read_transaction() as session:
        job = session.get(ScheduledJob, "drill")
    if job is None or job.last_run_at is None:
        return f"has not run yet; it does every Saturday, and now with: {DRILL}"
    result = json.loads(job.last_result or "{}")
    if result.get("error") or result.get("fault_count"):
        raise NotWell(
            f"failed on {job.last_run_at:%Y-%m-%d}: {result.get('error') or result['faults'][0]}; again: {DRILL}"
        )
    if now() - job.last_run_at > DRILL_LATE:
        raise NotWell(f"has not run since {job.last_run_at:%Y-%m-%d}: is the scheduler running? By hand: {DRILL}")
    return f"{result['repositories']} projects came back on {job.last_run_at:%Y-%m-%d} in {result['seconds']:g} s"


def broker_answers() -> str:
    """The broker takes a connection."""
    with broker.connect():
        folder = config.current().broker_folder
        return one_machine(folder) if folder else str(broker.url().partition("://")[0])


def workers() -> str:
    """A task goes the whole way: outbox, broker, worker, result."""
    known = presence.workers()
    if not any(each.up for each in known):
        seen = f"the last one was heard of at {known[0].seen_at:%Y-%m-%d %H:%M} UTC" if known else "none was ever seen"
        raise NotWell(f"no worker runs ({seen}): {START_WORKER}")
    sent = echo.delay("well")
    try:
        sent.get(timeout=WORKER_SECONDS, interval=0.1)
    except NoAnswer:
        raise NotWell(
            f"a worker runs, but did no task within {WORKER_SECONDS} s: it is busy, or lost the broker; look at its log"
        ) from None
    return "a task came back"


def queues_move() -> str:
    """What waits in each queue, and the workers that serve them, with what one should look at."""
    states, crew = queue_states(), presence.workers()
    waiting = ", ".join(f"{state.name} {state.waiting:,}" for state in states)
    serving = ", ".join(f"{each.node} {each.release}" for each in crew if each.up) or "nobody"
    warnings = attention(crew, states, foreign_nodes())
    return "; ".join([f"waiting in {waiting}", f"served by {serving}", *(f"LOOK: {told}" for told in warnings)])


def scheduler() -> str:
    """The poller of the outbox runs when it is due."""
    with read_transaction() as session:
        job = session.get(ScheduledJob, "outbox")
    if job is None or now() - job.next_run_at > SCHEDULER_LATE:
        raise NotWell(
            f"scheduled work has not run lately. It runs in a worker that has -B (celery beat): {START_WORKER}"
        )
    return f"last run {job.last_run_at:%H:%M:%S} UTC" if job.last_run_at else "about to run for the first time"


def mail() -> str:
    """The mail server lets us in, or the folder of messages takes files."""
    return f"goes to {delivery.check_server()}"


def clocks() -> str:
    """The clocks of this machine, the database and the store agree: signatures and leases depend on them."""
    apart = machine.seconds_ahead()
    for part, seconds in apart.items():
        if abs(seconds) > machine.MOST_APART_SECONDS:
            raise NotWell(
                f"the clock of the {part} is {abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'} of this "
                "machine's: set both by NTP; S3 refuses signatures that are 15 minutes off"
            )
    told = ", ".join(f"{part} {seconds:+.1f} s" for part, seconds in apart.items())
    return told or "one machine, one clock"


def memory() -> str:
    """How much memory is left here, and what our own processes take."""
    found = machine.memory()
    if found is None:
        return "this system does not tell"
    used, limit = (size // MIB for size in found)
    ours = machine.process_bytes()
    told = [f"{used:,} of {limit:,} MiB in use on this machine"]
    told += [f"{kind} {sum(each) // MIB:,} MiB in {len(each)} processes" for kind, each in sorted(ours.items())]
    if used > limit * MEMORY_FULL:
        raise NotWell(f"{'; '.join(told)}: lower WEB_CONCURRENCY or WEB_THREADS, or take a larger machine")
    return "; ".join(told)


def git_program() -> str:
    """The git executable runs."""
    version = git.version()
    if version is None:
        raise NotWell("git is not installed, or not in PATH")
    return version


def limits() -> str:
    """The limits fit each other and the disk."""
    chosen = config.current()
    if chosen.max_file_bytes > chosen.max_request_bytes:
        raise NotWell("MAX_FILE_BYTES is above MAX_REQUEST_BYTES: no file of that size could arrive")
    chosen.data.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(chosen.data).free
    for name, needed in (
        ("MAX_REQUEST_BYTES", chosen.max_request_bytes),
        ("MAX_PUSH_BYTES", chosen.max_push_bytes),
    ):
        if free < needed:
            raise NotWell(f"only {free // MIB} MiB are free in {chosen.data}; one request may need {name}")
    return f"{chosen.max_file_bytes // MIB} MiB a file, {free // MIB} MiB free in {chosen.data}"


def files() -> str:
    """Nobody else on this machine can read the database, the objects or the mails."""
    if found := machine.find_exposed_path():
        raise NotWell(f"other users of this machine may read {found}: chmod -R go= {found.parent}")
    return "private"


READY: Mapping[str, Check] = {"database": database_answers, "store": store_answers, "broker": broker_answers}
"""What a process needs to answer requests."""
