"""`/admin`: who may see it, what it tells, and its buttons."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from kombu import Connection
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.admin.samples import SAMPLES
from framework.celery import broker, schedule
from framework.celery.models import GONE_AFTER, OutboxRow, RunningWorker
from framework.celery.worker import presence, runs
from framework.celery.worker.presence import Presence
from framework.config import Config
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Invalid, Unavailable
from framework.health import attention, queues
from framework.projects import tasks
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache import usage
from framework.repositories.models import Pack
from tests.cast import SignIn, Visitor
from tests.celery.rows import claimed, committed, row, set_to
from tests.celery.test_outbox import waiting_messages
from tests.celery.test_schedule import job
from tests.repositories.conftest import Bench
from tests.servers.application.workers import worker
from tests.servers.processes import Process, free_port
from tests.servers.run import Run

STRANGER = (
    "import sys; from celery import Celery; "
    "Celery('other', broker=sys.argv[1]).worker_main(['worker', '-P', 'solo', '-l', 'info', '-n', 'stranger@%h'])"
)


@contextmanager
def foreign_worker(run: Run, url: str) -> Iterator[Process]:
    """A worker of an application that knows nothing of us, with Celery's default names, on this broker."""
    process = run.start(f"stranger-{free_port()}", [sys.executable, "-c", STRANGER, url], {"HOME": str(run.folder)})
    try:
        process.wait_until(lambda: " ready." in process.log.read_text())
        yield process
    finally:
        process.stop()


def serving(*states: queues.QueueState) -> RunningWorker:
    """A worker that is up and serves these queues."""
    return RunningWorker(
        node="celery@here",
        process_id=1,
        release=presence.release(),
        queues=[state.name for state in states],
        up=True,
    )


def failed(error: Exception) -> str:
    """The id of a task that failed like this."""
    task = committed("word")
    waiting_messages()
    runs.put_off(claimed(task), error)
    return task


def test_nobody_else_learns_that_there_is_such_a_page(visitor: Visitor, alice: Account, signed_in: SignIn) -> None:
    for who in (visitor, signed_in(alice)):
        hidden, missing = who.get("/admin"), who.get("/no-such-page-here")
        assert (hidden.status_code, missing.status_code) == (404, 404)
    assert signed_in(alice).submit("/settings", to="/admin/jobs/outbox/run").status_code == 404
    assert "/admin" not in signed_in(alice).get("/").text


def test_it_tells_of_workers_queues_and_scheduled_work(
    run: Run, ada: Account, settings: Config, signed_in: SignIn
) -> None:
    with worker(run, settings, "-B") as process:
        # the scheduler has a process of its own, which may write its table after the worker is ready
        process.wait_until(lambda: "Write all tables into the object store" in signed_in(ada).get("/admin").text)
        page = signed_in(ada).get("/admin").text
    assert presence.release() in page
    assert "another version" not in page
    assert "No worker is up" not in page
    assert all(f">{queue.name}<" in page or queue.name in page for queue in broker.queues())


def test_a_failed_task_says_why_and_can_start_again(ada: Account, signed_in: SignIn) -> None:
    task, later = failed(Invalid("It <breaks> a rule.")), failed(Unavailable("No answer."))
    browser = signed_in(ada)
    page = browser.get("/admin").text
    assert "Invalid: It &lt;breaks&gt; a rule." in page
    assert "Unavailable: No answer." in page
    for each in (task, later):
        assert browser.submit("/admin", to=f"/admin/tasks/{each}/retry").location == "/admin"
        assert (row(each).state, row(each).attempts, row(each).result) == ("handed", 0, None)
    assert sorted(waiting_messages()) == sorted([task, later])


@pytest.mark.parametrize("state", ["running", "finished", "handed"])
def test_only_what_failed_starts_again(ada: Account, signed_in: SignIn, state: str) -> None:
    task = committed("word")
    set_to(task, state=state, result='"word"')
    assert signed_in(ada).submit("/admin", to=f"/admin/tasks/{task}/retry").status_code == 409
    assert row(task).state == state


def test_no_argument_of_a_task_is_shown(ada: Account, signed_in: SignIn) -> None:
    task = committed("reset-link-of-somebody")
    page = signed_in(ada).get("/admin").text
    assert task in page
    assert "reset-link-of-somebody" not in page


def test_a_job_starts_before_its_time(ada: Account, signed_in: SignIn) -> None:
    schedule.start_due_jobs()
    browser = signed_in(ada)
    assert browser.submit("/admin", to="/admin/jobs/backup/run").location == "/admin"
    assert job("backup").lease_owner in waiting_messages()
    assert browser.submit("/admin", to="/admin/jobs/backup/run").status_code == 409
    assert browser.submit("/admin", to="/admin/jobs/no-such-job/run").status_code == 404


def test_a_job_tells_what_came_of_it_in_words(ada: Account, signed_in: SignIn) -> None:
    schedule.start_due_jobs()
    schedule.note_run("backup", {"kept_dumps": 3, "faults": [], "lost": False})
    schedule.note_run("outbox", 0)
    page = signed_in(ada).get("/admin").text
    assert "</time>: kept dumps: 3<" in page.replace("\n", "")
    assert "</time>: 0" not in page
    assert "lost: " not in page
    assert "`" not in page, "the tasks' docstrings name variables in backticks"


def test_a_broker_that_is_away_leaves_the_page(
    ada: Account, signed_in: SignIn, with_settings: Callable[..., Config]
) -> None:
    browser = signed_in(ada)
    with_settings(broker_url=f"redis://127.0.0.1:{free_port()}/0")
    page = browser.get("/admin")
    assert page.status_code == 200
    assert "The broker is not well" in page.text


def test_it_warns_of_other_versions_and_of_silent_workers(settings: Config) -> None:
    for node in ("celery@older", "celery@killed"):
        Presence(node, [queue.name for queue in broker.queues()]).tell()
    with transaction() as session:
        session.execute(update(RunningWorker).where(RunningWorker.node == "celery@older").values(release="0123456789"))
        gone = now() - 2 * GONE_AFTER
        session.execute(update(RunningWorker).where(RunningWorker.node == "celery@killed").values(seen_at=gone))
    told = attention.attention(presence.workers(), queues.queue_states(), [])
    assert len(told) == 2
    assert any("celery@older" in sentence and "0123456789" in sentence for sentence in told)
    assert any("celery@killed" in sentence and "ended without saying so" in sentence for sentence in told)


def test_a_queue_tells_how_many_wait_and_for_how_long(each_broker: Config) -> None:
    first = committed("first")
    committed("second")
    long_ago = now() - timedelta(hours=1)
    with transaction() as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == first).values(not_before=long_ago))
    default, mail, _storage = queues.queue_states()
    assert (default.kind, default.messages, default.waiting, default.oldest_at) == ("default", 2, 2, long_ago)
    assert (mail.kind, mail.messages, mail.waiting, mail.oldest_at) == ("mail", 0, 0, None)
    [told] = attention.attention([serving(default, mail, _storage)], [default, mail], [])
    assert "has waited" in told


@pytest.mark.long
def test_it_finds_a_stray_consumer_of_our_queue(
    settings: Config, rabbitmq: str, with_settings: Callable[..., Config]
) -> None:
    with_settings(broker_url=rabbitmq)
    committed("for our worker")
    with Connection(rabbitmq) as connection:
        consumer = connection.Consumer(broker.queues()[0](connection.channel()))
        consumer.consume()
        told = attention.attention([], queues.queue_states(), [])
    assert any("none of our workers" in sentence for sentence in told)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["redis", pytest.param("rabbitmq", marks=pytest.mark.long)])
def test_it_finds_a_foreign_application_on_the_broker(
    request: pytest.FixtureRequest, run: Run, with_settings: Callable[..., Config], kind: str
) -> None:
    deployed = with_settings(broker_url=request.getfixturevalue(kind))
    assert queues.foreign_nodes() == []
    with worker(run, deployed):
        assert queues.foreign_nodes() == []
    with foreign_worker(run, deployed.broker_url):
        while not (found := queues.foreign_nodes()):
            pass
    [node] = found
    assert node.startswith("stranger@")
    [told] = attention.attention([serving()], [], [node])
    assert "Another Celery application" in told


def test_it_shows_every_mail_as_a_mail_program_does(ada: Account, alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(ada)
    page = browser.get("/admin/mail").text
    for name in SAMPLES:
        assert f'src="/admin/mail/{name}.html"' in page
        shown = browser.get(f"/admin/mail/{name}.html")
        assert "Hello Ann," in shown.text
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert browser.get("/admin/mail/layout.html").status_code == 404
    assert signed_in(alice).get("/admin/mail").status_code == 404


def test_the_storage_of_all_projects_is_told(
    ada: Account, website: ProjectAccess, signed_in: SignIn, tmp_path: Path
) -> None:
    usage.write()  # what other tests have used is gone by now
    person = signed_in(ada)
    assert "Not counted yet." in person.get("/admin/storage").text
    tasks.count_storage()
    empty = person.get("/admin/storage").text
    assert "Nothing is stored yet." in empty
    assert "has not run yet" in empty
    bench = Bench(website.repository_id, tmp_path)
    bench.write(bench.put("large", os.urandom(2 << 20)))
    bench.read("large")
    usage.write()
    tasks.count_storage()
    page = person.get("/admin/storage").text
    assert "of 1 project in 2 packs, with 3 Git objects and 1 version." in page
    assert "S3 Glacier Instant Retrieval" in page
    assert "1 project cached on this server" in page
    assert "Would have, with one GiB more on each" in page
    with transaction() as session:
        session.execute(update(Pack).values(fault="A pack is missing."))
    assert "2 packs, 0 Git LFS objects and 0 projects are damaged" in person.get("/admin/storage").text
