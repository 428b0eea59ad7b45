"""/metrics: what it tells, of all workers, and to whom."""

import hashlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.config import Config
from framework.database.session import transaction
from framework.database.types import now
from framework.health.numbers import State
from framework.observability import folder
from framework.observability.exposition import expose
from framework.repositories.cache import eviction
from framework.repositories.models import Version
from framework.repositories.write.creation import create_repository
from framework.repositories.write.operations import PathsChanged
from framework.storage.current import store
from tests.cast import SignIn
from tests.celery.rows import committed, set_to
from tests.observability.numbers import Growth, number
from tests.repositories.conftest import Bench
from tests.servers.application.deployments import environment
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.processes import HANG_SECONDS, free_port
from tests.servers.run import Run

TOKEN = "a token of the tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
FROM_HOME = {"REMOTE_ADDR": "127.0.0.1"}


def scrape() -> str:
    """The numbers of this process and its deployment."""
    return expose(State()).decode()


@pytest.fixture
def bench(settings: Config, tmp_path: Path) -> Bench:
    """A repository to write to."""
    with transaction() as session:
        return Bench(create_repository(session, {"name": "field-notes"}), tmp_path)


def test_it_tells_what_the_store_was_asked(settings: Config) -> None:
    growth, body = Growth(scrape), b"twelve bytes"
    store().put("thing", body, sha256=hashlib.sha256(body).hexdigest())
    store().read("thing")
    assert growth.of("holdfast_store_requests_total", operation="put", outcome="ok") == 1
    assert growth.of("holdfast_store_requests_total", operation="get", outcome="ok") == 1
    assert growth.of("holdfast_store_bytes_total", operation="put", direction="sent") == len(body)
    assert growth.of("holdfast_store_bytes_total", operation="get", direction="received") == len(body)
    assert growth.of("holdfast_store_request_seconds_count", operation="put") == 1


def test_it_tells_how_the_cache_fares(bench: Bench, with_settings: Callable[..., Config]) -> None:
    bench.write(bench.put("a.txt", b"one"))
    eviction.evict(bench.repository_id)
    growth = Growth(scrape)
    bench.read("a.txt")
    assert (growth.of("holdfast_cache_opened_total", result="miss"), growth.of("holdfast_cache_bytes") > 0) == (1, True)
    assert growth.of("holdfast_cache_filled_total", way="hydration") == 1
    bench.read("a.txt")
    assert growth.of("holdfast_cache_opened_total", result="hit") == 1
    bench.write(bench.put("a.txt", b"two"))
    assert growth.of("holdfast_cache_filled_total", way="catch_up") == 1
    with_settings(cache_max_bytes=0)
    eviction.make_room(keep="none")
    assert growth.of("holdfast_cache_evicted_total") == 1
    assert growth.of("holdfast_cache_evicted_bytes_total") > 0
    assert number(scrape(), "holdfast_cache_bytes") == number(scrape(), "holdfast_cache_limit_bytes") == 0


def test_it_tells_how_changes_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(bench.put("a.txt", b"zero"))
    growth, theirs, send = Growth(scrape), bench.put("a.txt", b"theirs"), store()._put

    def send_after_others(key: str, source: bytes | Path, sha256: str) -> None:
        monkeypatch.setattr(store(), "_put", send)
        bench.write(theirs)
        send(key, source, sha256)

    monkeypatch.setattr(store(), "_put", send_after_others)
    with pytest.raises(PathsChanged):
        bench.write(bench.put("a.txt", b"mine"))
    assert growth.of("holdfast_changes_total", kind="files", outcome="committed") == 1
    assert growth.of("holdfast_changes_total", kind="files", outcome="retried") == 1
    assert growth.of("holdfast_changes_total", kind="files", outcome="conflict") == 1


def test_it_tells_what_waits_in_the_log_and_the_outbox(bench: Bench) -> None:
    bench.write(bench.put("a.txt", b"one"))
    before = scrape()
    assert number(before, "holdfast_log_unconfirmed") == number(before, "holdfast_log_unconfirmed_oldest_seconds") == 0
    with transaction() as session:
        session.execute(update(Version).values(confirmed_at=None, created_at=now() - timedelta(hours=1)))
    task = committed()
    set_to(task, state="failed", created_at=now() - timedelta(hours=2))
    after = scrape()
    assert number(after, "holdfast_log_unconfirmed") == 1
    assert 3600 <= number(after, "holdfast_log_unconfirmed_oldest_seconds") < 7200
    assert number(after, "holdfast_outbox", state="failed") == 1
    assert 7200 <= number(after, "holdfast_outbox_oldest_seconds", state="failed") < 9000
    assert number(after, "holdfast_outbox", state="running") == 0


def test_it_tells_the_rest_while_the_database_is_away(with_settings: Callable[..., Config], app: Flask) -> None:
    with_settings(database_url=f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none", metrics_token=TOKEN)
    answer = app.test_client().get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert number(answer.text, "holdfast_database_up") == 0
    assert "holdfast_cache_limit_bytes" in answer.text
    assert "holdfast_outbox" not in answer.text


def test_it_opens_to_the_same_machine_at_home(client: FlaskClient) -> None:
    answer = client.get("/metrics", environ_base=FROM_HOME)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert number(answer.text, "holdfast_database_up") == 1


@pytest.mark.parametrize(
    "headers", [{}, {"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}]
)
def test_it_is_closed_to_other_machines(client: FlaskClient, headers: dict[str, str]) -> None:
    address = "127.0.0.1" if headers else "192.0.2.1"
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Holdfast metrics"')
    assert "METRICS_TOKEN" in answer.text


@pytest.mark.deployments("production-like")
def test_it_is_closed_in_production(client: FlaskClient) -> None:
    assert client.get("/metrics", environ_base=FROM_HOME).status_code == 401


def test_it_opens_to_the_bearer_of_the_token(client: FlaskClient, with_settings: Callable[..., Config]) -> None:
    with_settings(metrics_token=TOKEN)
    assert client.get("/metrics", headers=BEARER, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Bearer é", f"Basic {TOKEN}", "Basic YTpi"])
def test_it_opens_to_no_other_token(client: FlaskClient, with_settings: Callable[..., Config], given: str) -> None:
    with_settings(metrics_token=TOKEN)
    answer = client.get("/metrics", headers={"Authorization": given}, environ_base=FROM_HOME)
    assert answer.status_code == 401


def test_it_opens_to_administrators_and_to_nobody_else(
    alice: Account, ada: Account, signed_in: SignIn, with_settings: Callable[..., Config]
) -> None:
    with_settings(metrics_token=TOKEN)
    assert signed_in(alice).get("/metrics").status_code == 401
    assert signed_in(ada).get("/metrics").status_code == 200


@pytest.fixture
def two_workers(run: Run, settings: Config) -> Iterator[LiveServer]:
    """The application under gunicorn with two processes."""
    variables = {**environment(settings), "METRICS_TOKEN": TOKEN}
    kept = {name: value for name, value in variables.items() if name not in {"BASE_URL", "PORT"}}
    with gunicorn(run, kept, workers=2, threads=4) as server:
        server.process.wait_until(lambda: len(workers_of(server)) == 2)
        yield server


def workers_of(server: LiveServer) -> list[int]:
    """The processes that answer."""
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def answering(server: LiveServer, worker: int) -> Iterator[None]:
    """Have this worker answer, and no other."""
    others = [pid for pid in workers_of(server) if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in others:
        os.kill(pid, signal.SIGCONT)


def read(server: LiveServer, path: str) -> str:
    """What is at this address, for who bears the token; also when it is an error page."""
    connection = HTTPConnection("localhost", int(server.environment["PORT"]), timeout=HANG_SECONDS)
    connection.request("GET", path, headers={**BEARER, "Connection": "close"})
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def told(server: LiveServer, name: str, **labels: str) -> float:
    """One number, as whichever worker answers tells it."""
    return number(read(server, "/metrics"), name, **labels)


def misses(server: LiveServer) -> float:
    """How many static files were asked for and not there."""
    return told(server, "holdfast_http_requests_total", endpoint="static", status="4xx")


def under_way(server: LiveServer) -> float:
    """How many requests are being answered, that for this number included."""
    return told(server, "holdfast_http_requests_under_way")


def test_one_scrape_tells_the_numbers_of_all_workers(two_workers: LiveServer) -> None:
    workers = workers_of(two_workers)
    for worker in workers:
        with answering(two_workers, worker):
            for _ in range(3):
                read(two_workers, "/static/nothing")
    two_workers.process.wait_until(lambda: misses(two_workers) == 6)
    for worker in workers:
        with answering(two_workers, worker):
            assert misses(two_workers) == 6


@pytest.mark.long
def test_what_an_ended_worker_had_under_way_is_forgotten_and_what_it_counted_is_not(two_workers: LiveServer) -> None:
    read(two_workers, "/static/nothing")
    two_workers.process.wait_until(lambda: misses(two_workers) == 1)
    with socket.create_connection(("localhost", int(two_workers.environment["PORT"]))) as line:
        form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\nExpect: 100-continue\r\n"
        line.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\n" + form + b"\r\n")
        two_workers.process.wait_until(lambda: under_way(two_workers) == 2)
        killed = set(workers_of(two_workers))
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        two_workers.process.wait_until(lambda: len(set(workers_of(two_workers)) - killed) == 2)
        two_workers.process.wait_until(lambda: under_way(two_workers) == 1)
        assert misses(two_workers) == 1


@pytest.mark.long
def test_the_folder_of_the_counts_goes_with_the_server(two_workers: LiveServer) -> None:
    pattern = f"{folder.PREFIX}{two_workers.process.pid}-*"
    assert len(list(folder.MEMORY.glob(pattern))) == 1
    two_workers.process.stop()
    assert list(folder.MEMORY.glob(pattern)) == []
