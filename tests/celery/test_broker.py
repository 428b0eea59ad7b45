"""The broker's address: which kinds are known, what they are given, and what an absent one costs."""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from framework import config
from framework.celery import broker
from framework.celery.broker import BrokerAway
from framework.config import Config
from tests.servers.processes import free_port


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """Makes a configuration with these values the process's own."""
    plain = Config(
        data=tmp_path, database_url="sqlite://", secret_key="", base_url="http://localhost", broker_url="filesystem://"
    )

    def use(**values: str) -> Config:
        made = replace(plain, **values)  # type: ignore[arg-type]
        monkeypatch.setattr(config, "_current", made)
        return made

    return use


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where somebody listens and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_it_says_so_when_nobody_listens(configured: Callable[..., Config], scheme: str) -> None:
    configured(broker_url=f"{scheme}://127.0.0.1:{free_port()}//")
    with pytest.raises(BrokerAway, match="BROKER_URL"), broker.connect():
        pytest.fail("there is no broker")


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_it_gives_up_on_a_broker_that_is_silent(
    configured: Callable[..., Config], scheme: str, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "ANSWER_SECONDS", 1)
    configured(broker_url=f"{scheme}://127.0.0.1:{silent_port}//")
    with pytest.raises(BrokerAway), broker.connect():
        pytest.fail("the broker said nothing")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("rediss://:secret@host:6380", ssl.CERT_NONE),
        ("rediss://:secret@host:6380?ssl_cert_reqs=none", ssl.CERT_NONE),
        ("rediss://:secret@host:6380?ssl_cert_reqs=required", ssl.CERT_REQUIRED),
    ],
)
def test_it_checks_the_certificate_where_it_is_told_to(
    configured: Callable[..., Config], address: str, expected: ssl.VerifyMode
) -> None:
    configured(broker_url=address)
    assert broker.tls() == {"ssl_cert_reqs": expected}


@pytest.mark.parametrize("address", ["redis://localhost", "amqps://host/vhost", "filesystem://"])
def test_it_leaves_tls_to_the_address_elsewhere(configured: Callable[..., Config], address: str) -> None:
    configured(broker_url=address)
    assert broker.tls() is None


def test_a_deployment_keeps_its_name_when_its_password_changes(configured: Callable[..., Config]) -> None:
    configured(database_url="postgresql+psycopg://a:old@db.example.org/holdfast")
    before = broker.deployment()
    configured(database_url="postgresql+psycopg://b:new@db.example.org/holdfast")
    assert broker.deployment() == before


def test_deployments_with_their_own_databases_have_their_own_queues(configured: Callable[..., Config]) -> None:
    names: set[str] = set()
    for url in ("sqlite:////a/x.sqlite3", "sqlite:////b/x.sqlite3", "postgresql://db/one", "postgresql://db/two"):
        configured(database_url=url)
        names.update(queue.name for queue in broker.queues())
    assert len(names) == 4 * 3


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ("framework.email.tasks.send_email", "mail"),
        ("framework.repositories.tasks.scrub_copies", "storage"),
        ("framework.backup.tasks.back_up_tables", "storage"),
        ("framework.celery.tasks.echo", "default"),
        ("framework.projects.tasks.empty_trash", "default"),
    ],
)
def test_long_work_in_the_store_keeps_no_mail_waiting(configured: Callable[..., Config], task: str, kind: str) -> None:
    configured()
    assert broker.queue_for(task).name == f"{broker.deployment()}.{kind}"
    assert broker.queue_for(task).name in {queue.name for queue in broker.queues()}
