"""What the project uses of its libraries without their promise: after an upgrade, the test that fails names the thing.

Each name is overridden or called in one module. The tests show that the library still has it and still calls it.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID
from flask import Flask, g
from flask_login import LoginManager, current_user
from gunicorn.workers.gthread import TConn, ThreadWorker
from kombu import Connection, Exchange, Producer, Queue
from kombu.transport import filesystem
from sqlalchemy import create_engine
from sqlalchemy.pool import Pool

from framework.accounts.signin.login import Manager
from framework.celery import folder
from framework.celery.results import OutboxBackend
from framework.database.pool import BoundedPool
from framework.repositories.cache.packs import small_index
from framework.repositories.cache.packs.named_packs import NamedPacks
from framework.web.server.connections import Connection as ClientConnection
from framework.web.server.worker import Worker

Watch = Callable[[type, str], list[str]]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Notes each call of a method, which does what it did."""

    def begin(owner: type, name: str) -> list[str]:
        calls, original = [], getattr(owner, name)

        def noting(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, noting)
        return calls

    return begin


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Connection]:
    """A connection to the folder broker."""
    (tmp_path / "taken").mkdir()
    waiting, taken = str(tmp_path), str(tmp_path / "taken")
    options = {
        "data_folder_in": waiting,
        "data_folder_out": waiting,
        "processed_folder": taken,
        "control_folder": taken,
    }
    with Connection(transport=folder.Transport, transport_options=options) as connection:
        yield connection


def test_kombu_calls_no_queue_bind_without_fan_out(broker: Connection, watch: Watch) -> None:
    """It would write a table of bindings that can be read half written."""
    calls = watch(filesystem.Channel, "_queue_bind")
    Queue("bound", Exchange("letters", type="direct"), routing_key=uuid4().hex)(broker.channel()).declare()
    assert not calls


@pytest.mark.parametrize("name", ["_put", "_get"])
def test_kombu_calls_the_channel_s(broker: Connection, watch: Watch, name: str) -> None:
    assert hasattr(filesystem.Channel, name)
    calls = watch(folder.Channel, name)
    channel = broker.channel()
    Producer(channel).publish({"a": 1}, routing_key="letters")
    letter = Queue("letters")(channel).get(no_ack=True)
    assert letter is not None
    assert letter.payload == {"a": 1}
    assert calls


@pytest.mark.parametrize("name", ["_store_result", "_get_task_meta_for"])
def test_celery_calls_the_backend_s(watch: Watch, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    meta = {"status": "PENDING", "result": None}
    monkeypatch.setattr(OutboxBackend, "_get_task_meta_for", lambda *_: dict(meta))
    calls = watch(OutboxBackend, name)
    backend = OutboxBackend(Celery(set_as_current=False))
    backend.store_result("1", None, "SUCCESS")
    assert backend.get_task_meta("1", cache=False)["status"] == "PENDING"
    assert calls


def test_dulwich_calls_update_pack_cache_and_keeps_packs_in_pack_cache(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_index, "MOST_BYTES", 0)  # so that dulwich looks for it
    assert hasattr(DiskObjectStore, "_update_pack_cache")
    git(tmp_path, "init", "--quiet")
    sha = git(tmp_path, "hash-object", "-w", "--stdin")
    git(tmp_path, "pack-objects", "--quiet", ".git/objects/pack/pack", typed=f"{sha}\n")
    [pack] = (tmp_path / ".git" / "objects" / "pack").glob("*.pack")
    git(tmp_path, "prune-packed")
    calls = watch(NamedPacks, "_update_pack_cache")
    objects = NamedPacks(str(tmp_path / ".git" / "objects"), [pack.stem.removeprefix("pack-")])
    assert objects[ObjectID(sha.encode())].as_raw_string() == b""
    assert calls
    assert list(objects.packs) == list(objects._pack_cache.values())
    objects.close()
    assert not objects._pack_cache


def test_sqlalchemy_calls_do_get_and_do_return_conn(watch: Watch) -> None:
    assert {"_do_get", "_do_return_conn", "_create_connection"} <= set(dir(Pool))
    taken, returned = watch(BoundedPool, "_do_get"), watch(BoundedPool, "_do_return_conn")
    opened = watch(BoundedPool, "_create_connection")
    engine = create_engine("sqlite://", poolclass=BoundedPool, pool_size=1)
    with engine.connect():
        assert (taken, returned, opened) == (["_do_get"], [], ["_create_connection"])
    assert returned == ["_do_return_conn"]
    engine.dispose()


@pytest.mark.parametrize(
    "name", ["_creator", "_orig_logging_name", "_reset_on_return", "_pre_ping", "_recycle", "_dialect"]
)
def test_sqlalchemy_s_pool_remembers(name: str) -> None:
    """A pool is made again from these."""
    pool = create_engine("sqlite://", poolclass=BoundedPool, pool_size=1, pool_recycle=7, pool_pre_ping=True).pool
    assert getattr(pool.recreate(), name) == getattr(pool, name)


def test_flask_login_calls_load_user_from_remember_cookie_and_keeps_g_login_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert hasattr(LoginManager, "_load_user_from_remember_cookie")
    cookies: list[str] = []
    monkeypatch.setattr(Manager, "_load_user_from_remember_cookie", lambda _self, cookie: cookies.append(cookie))
    app = Flask(__name__)
    app.secret_key = "k"
    manager = Manager(app)
    manager.user_loader(lambda _id: None)
    with app.test_request_context(headers={"Cookie": "remember_token=abc"}):
        assert current_user.is_anonymous
        assert g.get("_login_user").is_anonymous
    assert cookies == ["abc"]


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        *((Worker, ThreadWorker, name) for name in (
            "check_config", "load_wsgi", "accept", "finish_request", "murder_pending", "murder_keepalived",
        )),
        (ClientConnection, TConn, "init"),
    ],
)  # fmt: skip
def test_gunicorn_s_threads_have_what_the_worker_overrides(ours: type, theirs: type, name: str) -> None:
    """Its classes of workers are documented as replaceable, their methods are not."""
    assert name in vars(ours)
    assert callable(getattr(theirs, name, None))


def git(path: Path, *words: str, typed: str = "") -> str:
    """What a git command prints."""
    made = subprocess.run(["git", *words], cwd=path, check=True, input=typed, capture_output=True, text=True)
    return made.stdout.strip()
