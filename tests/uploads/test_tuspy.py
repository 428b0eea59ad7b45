"""A tus client of others, tuspy, against the server under gunicorn: cut connections, killed servers, many at once."""

import io
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.uploader.uploader import Uploader

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.uploads.assembling import open_uploads
from framework.uploads.tus.appending import PART_BYTES
from framework.uploads.tus.resumable import find_upload, find_uploads
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy
from tests.servers.run import Run

MIB = 1 << 20


@pytest.fixture
def line(served: LiveServer) -> Iterator[FaultyProxy]:
    """The way to the server, which can be cut."""
    proxy = FaultyProxy(served.url)
    yield proxy
    proxy.stop()


def address_of(line: FaultyProxy) -> str:
    """The way's address by the name of the deployment's host: production answers no other."""
    return line.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file of 30 MiB: three parts of 8 MiB and one of 6."""
    file = tmp_path / "film.mp4"
    file.write_bytes(os.urandom(30 * MIB))
    return file


def uploader(alice: Account, url: str, file: Path, *, checksum: bool = False, chunk_bytes: int = 0) -> Uploader:
    token = create_token(alice.id, "tuspy", ["write"])
    client = TusClient(f"{url}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    options = {"chunk_size": chunk_bytes} if chunk_bytes else {}
    return client.uploader(
        file_stream=io.BytesIO(file.read_bytes()), metadata={"filename": file.name}, upload_checksum=checksum, **options
    )


def id_of(sent: Uploader) -> str:
    return str(sent.url).rpartition("/")[2]


def assert_whole(alice: Account, sent: Uploader, file: Path, folder: Path) -> None:
    assert open_uploads(find_uploads(alice, [id_of(sent)]), folder)[id_of(sent)].path.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("checksum", [False, True])
def test_a_file_is_uploaded(
    app: object, alice: Account, served: LiveServer, film: Path, tmp_path: Path, checksum: bool
) -> None:
    sent = uploader(alice, served.url, film, checksum=checksum, chunk_bytes=7 * MIB)
    sent.upload()
    assert_whole(alice, sent, film, tmp_path)


@pytest.mark.long
def test_an_upload_goes_on_after_the_connection_was_cut(
    alice: Account, line: FaultyProxy, film: Path, tmp_path: Path
) -> None:
    line.spoil("PATCH", Fault(cut_request_after_bytes=20 * MIB))
    sent = uploader(alice, address_of(line), film)
    sent.retries, sent.retry_delay = 5, 1
    sent.upload()
    _first, *again = [int(seen.headers["upload-offset"]) for seen in line.seen if seen.method == "PATCH"]
    assert min(again) >= 20 * MIB - PART_BYTES
    assert_whole(alice, sent, film, tmp_path)


@pytest.mark.long
def test_an_upload_goes_on_at_another_server_after_the_first_was_killed(
    alice: Account, line: FaultyProxy, served: LiveServer, film: Path, run: Run, tmp_path: Path
) -> None:
    line.spoil("PATCH", Fault(hold_request_after_bytes=12 * MIB))
    sent = uploader(alice, address_of(line), film)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sent.upload)
        until(lambda: bool(sent.url) and find_upload(alice, id_of(sent)).offset_bytes >= 8 * MIB)
        os.killpg(served.process.pid, signal.SIGKILL)
        assert isinstance(sending.exception(), (TusUploadFailed, TusCommunicationError))
    environment = {name: served.environment[name] for name in served.environment.keys() - {"BASE_URL", "PORT"}}
    with gunicorn(run, environment) as other:
        sent.set_url(f"{other.url}/api/v1/uploads/{id_of(sent)}")
        sent.offset = sent.get_offset()
        assert sent.offset >= 8 * MIB
        sent.upload()
    assert_whole(alice, sent, film, tmp_path)


@pytest.mark.long
def test_many_are_uploaded_at_once(app: object, alice: Account, served: LiveServer, film: Path, tmp_path: Path) -> None:
    sent = [uploader(alice, served.url, film) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one.upload(), sent))
    for one in sent:
        assert_whole(alice, one, film, tmp_path)


def until(reached: Callable[[], bool]) -> None:
    """Wait until it is so."""
    while not reached():
        sleep(0.02)
