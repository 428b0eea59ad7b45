"""What the doctor says of real servers that are not as they should be: cause, cure, once, and in time."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest

from framework.celery.models import RunningWorker
from framework.config import Config
from framework.database import engine
from framework.database.session import transaction
from framework.database.types import now
from framework.health import examination, machine
from framework.health.doctor import ALL
from framework.health.examination import Finding, examine
from tests.health.silent import Silent
from tests.servers.backends.ceph import Ceph
from tests.servers.backends.postgres import Postgres, postgres
from tests.servers.backends.smtp import SmtpServer
from tests.servers.processes import free_port
from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy
from tests.servers.run import Run

NEED_THE_STORE = [part for part, needed in examination.NEEDS.items() if "store" in needed and part in ALL]


def fault(part: str) -> str:
    """What is wrong with this part."""
    [found] = examine({part: ALL[part]})
    assert not found.well, found.words
    return found.words


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Such a server."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = Silent(listening)
        yield server
        server.end()


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second for each part, since nothing comes of waiting longer."""
    monkeypatch.setattr(examination, "SECONDS", 1.0)


@pytest.fixture
def on_s3(with_settings: Callable[..., Config], ceph: Ceph) -> Callable[..., Config]:
    """Settings for the real S3 service, with something wrong about them."""

    def change(**wrong: object) -> Config:
        right: dict[str, object] = {
            "s3_bucket": "never-made",
            "s3_endpoint_url": ceph.endpoint_url,
            "s3_region": ceph.region,
            "s3_access_key_id": ceph.access_key_id,
            "s3_secret_access_key": ceph.secret_access_key,
        }
        return with_settings(**{**right, **wrong})

    return change


class TestStore:
    def test_a_bucket_that_does_not_exist(self, on_s3: Callable[..., Config], ceph: Ceph) -> None:
        on_s3()
        wanted = f"the bucket never-made does not exist at {ceph.endpoint_url}: create it, or set S3_BUCKET"
        assert fault("store").startswith(wanted)

    @pytest.mark.parametrize(
        ("wrong", "cure"),
        [
            ({"s3_access_key_id": "nobodys"}, "set AWS_ACCESS_KEY_ID"),
            ({"s3_secret_access_key": "not-the-secret"}, "set AWS_SECRET_ACCESS_KEY again"),
        ],
    )
    def test_a_wrong_key(self, on_s3: Callable[..., Config], bucket: str, wrong: dict[str, str], cure: str) -> None:
        on_s3(s3_bucket=bucket, **wrong)
        assert cure in fault("store")
        assert "not-the-secret" not in fault("store")

    def test_a_key_that_may_not_write(self, on_s3: Callable[..., Config], ceph: Ceph, bucket: str) -> None:
        proxy = FaultyProxy(ceph.endpoint_url)
        proxy.spoil("PUT", Fault(status=403, code="AccessDenied"))
        on_s3(s3_bucket=bucket, s3_endpoint_url=proxy.url)
        assert "let it read, write, list and delete there" in fault("store")
        proxy.stop()

    def test_another_region(self, on_s3: Callable[..., Config], ceph: Ceph, bucket: str) -> None:
        """Ceph takes any region, so the answer is Amazon's."""
        proxy = FaultyProxy(ceph.endpoint_url)
        proxy.spoil("GET", Fault(status=400, code="AuthorizationHeaderMalformed"))
        on_s3(s3_bucket=bucket, s3_endpoint_url=proxy.url)
        assert f"the bucket {bucket} is in another region than us-east-1: set S3_REGION" in fault("store")
        proxy.stop()

    def test_a_closed_port(self, on_s3: Callable[..., Config]) -> None:
        port = free_port()
        on_s3(s3_endpoint_url=f"http://127.0.0.1:{port}")
        assert fault("store").startswith(f"nothing answers at http://127.0.0.1:{port}: correct S3_ENDPOINT_URL")

    def test_silence_is_waited_for_once_and_by_no_later_part(
        self, on_s3: Callable[..., Config], silent: Silent, in_a_hurry: None
    ) -> None:
        on_s3(s3_endpoint_url=f"http://127.0.0.1:{silent.port}")
        found = {part: ALL[part] for part in ("store", *NEED_THE_STORE)}
        store, *others = examine(found)
        assert f"http://127.0.0.1:{silent.port} does not answer" in store.words
        assert [(each.tried, each.words) for each in others] == [(False, "not tried: it needs the store")] * len(others)
        assert others
        assert len(silent.connections) == 1


@pytest.fixture(scope="module")
def picky(run: Run) -> Iterator[Postgres]:
    """The PostgreSQL server, which asks the user `picky` for a password, and lets `few` in once."""
    server = postgres(run)
    rules = run.data("postgres") / "cluster" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("host all picky 127.0.0.1/32 scram-sha-256\n" + before)
    server.execute("SELECT pg_reload_conf()")
    server.execute("CREATE ROLE picky LOGIN PASSWORD 'right'")
    server.execute("CREATE ROLE few LOGIN CONNECTION LIMIT 1")
    yield server
    server.execute("DROP ROLE picky")
    server.execute("DROP ROLE few")
    rules.write_text(before)
    server.execute("SELECT pg_reload_conf()")


@pytest.fixture
def with_database(with_settings: Callable[..., Config]) -> Iterator[Callable[[str], Config]]:
    """Another database."""
    yield lambda url: with_settings(database_url=url)
    engine.dispose()


class TestDatabase:
    def test_a_wrong_password(self, with_database: Callable[[str], Config], picky: Postgres) -> None:
        with_database(f"postgresql+psycopg://picky:wrong-one@127.0.0.1:{picky.port}/postgres")
        words = fault("database")
        assert f"127.0.0.1:{picky.port} refuses the user or the password in DATABASE_URL" in words
        assert "wrong-one" not in words

    def test_no_such_database(self, with_database: Callable[[str], Config], picky: Postgres) -> None:
        with_database(picky.url("never-made"))
        assert "has no database never-made: create it" in fault("database")

    def test_no_connection_is_left(self, with_database: Callable[[str], Config], picky: Postgres) -> None:
        with psycopg.connect(f"postgresql://few@127.0.0.1:{picky.port}/postgres"):
            with_database(f"postgresql+psycopg://few@127.0.0.1:{picky.port}/postgres")
            assert "has no free connection" in fault("database")

    def test_tables_are_missing(self, with_database: Callable[[str], Config], picky: Postgres) -> None:
        url = picky.new_database(migrated=False)
        with_database(url)
        assert "flask database upgrade" in fault("database")
        engine.dispose()
        picky.drop_database(url)

    def test_a_closed_port_and_nothing_else_is_tried(self, with_database: Callable[[str], Config]) -> None:
        port = free_port()
        with_database(f"postgresql+psycopg://a:secret@127.0.0.1:{port}/b")
        found = examine({part: ALL[part] for part in ("database", "objects", "drill", "scheduler")})
        assert f"nothing listens at 127.0.0.1:{port}" in found[0].words
        assert [each.words for each in found[1:]] == ["not tried: it needs the database"] * 3

    def test_silence(self, with_database: Callable[[str], Config], silent: Silent, in_a_hurry: None) -> None:
        with_database(f"postgresql+psycopg://a@127.0.0.1:{silent.port}/b")
        assert f"127.0.0.1:{silent.port} does not answer" in fault("database")
        assert len(silent.connections) == 1


class TestBroker:
    def test_redis_is_away(self, with_settings: Callable[..., Config]) -> None:
        port = free_port()
        with_settings(broker_url=f"redis://:secret@127.0.0.1:{port}/0")
        assert fault("broker").startswith(f"nothing listens at 127.0.0.1:{port}: start the broker")
        assert "secret" not in fault("broker")

    def test_redis_refuses_the_password(self, with_settings: Callable[..., Config], redis: str) -> None:
        with_settings(broker_url=redis.replace("redis://", "redis://nobody:wrong-one@"))
        assert "refuses the user or the password in BROKER_URL" in fault("broker")
        assert "wrong-one" not in fault("broker")

    def test_silence(self, with_settings: Callable[..., Config], silent: Silent, in_a_hurry: None) -> None:
        with_settings(broker_url=f"redis://127.0.0.1:{silent.port}/0")
        assert f"127.0.0.1:{silent.port} does not answer" in fault("broker")


class TestMail:
    def test_nothing_listens(self, with_settings: Callable[..., Config]) -> None:
        port = free_port()
        with_settings(smtp_url=f"smtp://127.0.0.1:{port}")
        assert fault("mail").startswith(f"nothing listens at 127.0.0.1:{port}: correct SMTP_URL")

    def test_no_password_is_taken(self, with_settings: Callable[..., Config], smtp: SmtpServer) -> None:
        with_settings(smtp_url=smtp.url.replace("smtp://", "smtp://user:wrong-one@"))
        assert "offers no TLS, and a password is not sent without" in fault("mail")
        assert "wrong-one" not in fault("mail")

    def test_silence(self, with_settings: Callable[..., Config], silent: Silent, in_a_hurry: None) -> None:
        with_settings(smtp_url=f"smtp://127.0.0.1:{silent.port}")
        assert f"127.0.0.1:{silent.port} does not answer" in fault("mail")


class TestWorkers:
    def test_none_was_ever_started(self, settings: Config) -> None:
        words = fault("workers")
        assert "none was ever seen" in words
        assert "heroku ps:scale worker=1" in words

    def test_one_has_gone(self, settings: Config) -> None:
        with transaction() as session:
            gone = RunningWorker(id="1" * 32, node="celery@gone", process_id=1, release="x", queues=[])
            gone.seen_at = now() - timedelta(hours=2)
            session.add(gone)
        assert "the last one was heard of at" in fault("workers")


@contextmanager
def a_service_whose_clock_is_off(seconds: int) -> Iterator[str]:
    """The address of an HTTP server that dates its answers so."""

    class Dated(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(403)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(now().timestamp() + seconds)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Dated) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class TestMachine:
    def test_a_clock_that_is_an_hour_off(self, on_s3: Callable[..., Config]) -> None:
        with a_service_whose_clock_is_off(3600) as address:
            on_s3(s3_endpoint_url=address)
            assert "ahead of this machine's: set both by NTP" in fault("clocks")

    @pytest.mark.deployments("production-like")
    def test_clocks_that_agree(self, settings: Config) -> None:
        [found] = examine({"clocks": ALL["clocks"]})
        assert found.well, found.words
        assert found.words.startswith("database ")
        assert ", store " in found.words

    def test_memory_of_our_processes(self, settings: Config) -> None:
        [found] = examine({"memory": ALL["memory"]})
        assert "MiB in use on this machine" in found.words
        waiting = [sys.executable, "-c", "print(flush=True); input()", "app:app"]
        with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            assert all(size > 0 for size in machine.process_bytes()["web"])
            process.communicate(b"\n")


def test_a_check_that_never_ends_is_left_behind(in_a_hurry: None, settings: Config) -> None:
    ends = threading.Event()
    found = examine({"hanging": lambda: str(ends.wait()), "git": ALL["git"]})
    ends.set()
    assert found[0] == Finding("hanging", well=False, words=found[0].words)
    assert "within 1 s" in found[0].words
    assert found[1].well


def test_a_check_that_fails_itself_is_no_hanging_one(settings: Config, caplog: pytest.LogCaptureFixture) -> None:
    [found] = examine({"broken": lambda: dict[str, str]()["nothing"]})
    assert found == Finding("broken", well=False, words="the check itself failed; the log says where")
    assert "KeyError: 'nothing'" in caplog.text


def test_a_folder_that_is_a_file(with_settings: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with_settings(s3_bucket=f"folder:{tmp_path / 'file' / 'below'}")
    assert fault("store")
