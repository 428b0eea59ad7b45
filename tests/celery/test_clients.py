"""A broker that takes 20 clients is enough: Redis itself refuses the twenty-first."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Semaphore

import pytest
import requests
from redis import Redis

from framework.celery import broker
from framework.celery.broker import CONNECTIONS, BrokerAway
from framework.celery.tasks import echo
from framework.config import Config
from tests.servers.application.deployments import environment
from tests.servers.application.gunicorn import gunicorn
from tests.servers.application.workers import worker
from tests.servers.backends.redis import start_redis
from tests.servers.processes import free_port
from tests.servers.run import Run

pytestmark = pytest.mark.parametrize("deployment", ["embedded"])
PLAN = 20
SECONDS = 60


@pytest.fixture
def redis(run: Run, tmp_path: Path) -> Iterator[Redis]:
    """A Redis that takes 20 clients, of which this one is the first."""
    port = free_port()
    server = start_redis(run, tmp_path, port, "--maxclients", str(PLAN))
    with Redis(port=port, decode_responses=True) as client:
        yield client
    server.stop()


@pytest.fixture
def planned(redis: Redis, with_settings: Callable[..., Config]) -> Config:
    """A deployment whose broker is that Redis."""
    return with_settings(broker_url=f"redis://127.0.0.1:{redis.connection_pool.connection_kwargs['port']}/0")


def clients(redis: Redis) -> Counter[str]:
    """How many clients processes of each kind have, without the one that asks."""
    return Counter(
        client["name"].rpartition("-")[0] for client in redis.client_list() if client["cmd"] != "client|list"
    )


def refused(redis: Redis) -> int:
    """How many clients it did not take."""
    return int(redis.info("stats")["rejected_connections"])


@pytest.mark.long
def test_a_worker_with_its_scheduler_has_three_clients_at_most(run: Run, planned: Config, redis: Redis) -> None:
    with worker(run, planned, "-B"):
        assert echo.delay("hello").get(timeout=SECONDS) == "hello"
        assert 0 < clients(redis)["holdfast-worker"] <= 3
    assert refused(redis) == 0


def test_threads_that_send_share_two_connections(planned: Config, redis: Redis) -> None:
    with ThreadPoolExecutor(32) as threads:
        sent = list(threads.map(echo.delay, map(str, range(64))))
    assert len(sent) == 64
    assert refused(redis) == 0
    assert clients(redis).total() == 0


def test_who_finds_all_connections_waiting_does_not_wait_for_ever(
    planned: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding, ended = Semaphore(0), Event()

    def hold() -> None:
        with broker.connect():
            holding.release()
            ended.wait(SECONDS)

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for _ in range(CONNECTIONS):
            threads.submit(hold)
            holding.acquire()
        monkeypatch.setattr(broker, "ANSWER_SECONDS", 0.1)
        with pytest.raises(BrokerAway, match="all 2 connections of this process"), broker.connect():
            pytest.fail("there was a third connection")
        ended.set()


@pytest.mark.long
def test_two_web_groups_and_two_workers_fit(run: Run, planned: Config, redis: Redis) -> None:
    variables = {name: value for name, value in environment(planned).items() if name not in {"BASE_URL", "PORT"}}
    with ExitStack() as running:
        for _ in range(2):
            running.enter_context(worker(run, planned, "-B"))
        sites = [running.enter_context(gunicorn(run, variables, workers=2, threads=16)).url for _ in range(2)]
        with ThreadPoolExecutor(32) as people:
            statuses = Counter(people.map(lambda number: _ask_for_mail(sites[number % 2]), range(32)))
        assert statuses == {200: 32}
        assert clients(redis)["holdfast-worker"] <= 2 * 3
    assert refused(redis) == 0


def _ask_for_mail(site: str) -> int:
    """The status of a request for a new password, which queues work."""
    with requests.Session() as browser:
        page = browser.get(f"{site}/forgot").text
        token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        fields = {"email": f"p{free_port()}@example.org", "csrf_token": token}
        return browser.post(f"{site}/forgot", fields, allow_redirects=False).status_code
