"""Large files on bad lines: cut connections, a killed server, the limit to the byte, two people at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import create_user
from framework.database.session import read_transaction
from framework.formatting import MIB
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.uploads.models import ResumableUpload
from tests.browser import pages
from tests.browser.conftest import OpenedBrowser
from tests.browser.pages import UploadPage
from tests.browser.window import Window
from tests.cast import PASSWORD
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy
from tests.servers.run import Run


@dataclass
class Line:
    """A server behind a line that can be cut, and that can be killed and started again."""

    run: Run
    server: LiveServer
    proxy: FaultyProxy
    stack: ExitStack

    def kill(self) -> None:
        """The server's machine loses its power."""
        os.killpg(self.server.process.pid, signal.SIGKILL)

    def start_again(self) -> None:
        """The server comes back at the same address."""
        environment = {name: self.server.environment[name] for name in self.server.environment.keys() - {"BASE_URL"}}
        port = urlsplit(self.server.url).port
        self.stack.enter_context(gunicorn(self.run, environment, port=port))


@pytest.fixture
def line(run: Run, served: LiveServer) -> Iterator[Line]:
    """The way to the server."""
    proxy = FaultyProxy(served.url)
    with ExitStack() as stack:
        stack.callback(proxy.stop)
        yield Line(run, served, proxy, stack)


@pytest.fixture
def anna(app: object) -> Account:
    """Owns the project."""
    return create_user(name="anna", email="anna@example.org", password=PASSWORD, confirmed=True)


@pytest.fixture
def films(anna: Account) -> ProjectAccess:
    """A project for large files."""
    return create_project(anna, name="films", description="", visibility="private")


@pytest.fixture
def page(opened_browser: OpenedBrowser, line: Line, anna: Account, films: ProjectAccess) -> UploadPage:
    """The upload page, behind the line."""
    opened_browser.driver.get(f"{line.proxy.url}/healthz")
    opened_browser.driver.delete_all_cookies()
    window = Window(opened_browser.driver, line.proxy.url, opened_browser.downloads)
    pages.sign_in(window, anna)
    window.open(f"{films.path}/upload/main")
    return UploadPage(window)


def noise(file: Path, size_bytes: int) -> bytes:
    content = os.urandom(size_bytes)
    file.write_bytes(content)
    return content


def stored(project: ProjectAccess, path: str) -> bytes:
    with open_copy(project.repository_id) as copy:
        return b"".join(copy.blob(find(copy, resolve(copy, "main"), path).sha).chunks)


def arrived_bytes() -> int:
    """Where the upload would go on: a part that is stored and not recorded yet is sent again."""
    with read_transaction() as session:
        return sum(session.scalars(select(ResumableUpload.offset_bytes)))


def test_an_upload_goes_on_after_the_line_was_cut_in_the_middle(
    page: UploadPage, line: Line, films: ProjectAccess, tmp_path: Path
) -> None:
    content = noise(tmp_path / "film.mp4", 100 * MIB)
    line.proxy.spoil("PATCH", Fault(cut_request_after_bytes=60 * MIB))
    page.choose(tmp_path / "film.mp4")
    page.send()
    page.window.reads("1 file uploaded.")
    offsets = [int(seen.headers["upload-offset"]) for seen in line.proxy.seen if seen.method == "PATCH"]
    assert (offsets[0], offsets[-1] >= 52 * MIB) == (0, True), "at most 8 MiB are sent again"
    assert stored(films, "film.mp4") == content


@pytest.mark.long
def test_an_upload_goes_on_after_the_server_was_killed(
    page: UploadPage, line: Line, films: ProjectAccess, tmp_path: Path
) -> None:
    content = noise(tmp_path / "film.mp4", 40 * MIB)
    line.proxy.spoil("PATCH", Fault(hold_request_after_bytes=20 * MIB))
    page.choose(tmp_path / "film.mp4")
    page.window.element("#send:enabled").click()
    page.window.wait(lambda: arrived_bytes() >= 16 * MIB, "Two parts")
    line.kill()
    page.window.reads("the connection broke off, trying again")
    line.start_again()
    page.window.reads("1 file uploaded.")
    offsets = [int(seen.headers["upload-offset"]) for seen in line.proxy.seen if seen.method == "PATCH"]
    assert offsets[-1] >= 16 * MIB
    assert stored(films, "film.mp4") == content


@pytest.mark.long
def test_a_file_of_the_limit_is_stored_and_one_byte_more_is_not(
    page: UploadPage, films: ProjectAccess, tmp_path: Path
) -> None:
    noise(tmp_path / "right.bin", 100 * MIB)
    noise(tmp_path / "more.bin", 100 * MIB + 1)
    page.choose(tmp_path / "right.bin", tmp_path / "more.bin")
    page.is_told(
        {
            "right.bin": "100 MiB · new",
            "more.bin": "“more.bin” is 100.1 MiB, over the 100 MiB limit. It will be skipped, the"
            " others will be uploaded.",
        }
    )
    page.send()
    page.window.reads("1 file uploaded.")
    assert pages.listed(page.window) == ["right.bin"]


@pytest.mark.long
def test_a_page_that_was_left_finds_its_upload_again(
    page: UploadPage, line: Line, films: ProjectAccess, tmp_path: Path
) -> None:
    content = noise(tmp_path / "film.mp4", 30 * MIB)
    line.proxy.spoil("PATCH", Fault(hold_request_after_bytes=20 * MIB))
    page.choose(tmp_path / "film.mp4")
    page.window.element("#send:enabled").click()
    page.window.wait(lambda: arrived_bytes() >= 16 * MIB, "Two parts")
    page.window.press("Cancel the upload")
    page.window.reads("Cancelled; nothing was stored.")
    page.window.open(f"{films.path}/upload/main")
    page.choose(tmp_path / "film.mp4")
    page.send()
    page.window.reads("1 file uploaded.")
    offsets = [int(seen.headers["upload-offset"]) for seen in line.proxy.seen if seen.method == "PATCH"]
    assert offsets[-1] >= 16 * MIB
    assert stored(films, "film.mp4") == content


@pytest.mark.long
def test_a_version_whose_answer_is_lost_is_found(
    page: UploadPage, line: Line, films: ProjectAccess, tmp_path: Path
) -> None:
    content = noise(tmp_path / "film.mp4", MIB)
    line.proxy.spoil("POST", Fault(lost_answer=503), part="/upload/main")
    page.choose(tmp_path / "film.mp4")
    page.send()
    page.window.wait(lambda: page.window.driver.current_url.endswith(films.path), "The project's page")
    assert pages.listed(page.window) == ["film.mp4"]
    assert stored(films, "film.mp4") == content


@pytest.mark.long
def test_a_version_that_the_server_never_heard_of_can_be_stored_again(
    page: UploadPage, line: Line, films: ProjectAccess, tmp_path: Path
) -> None:
    content = noise(tmp_path / "film.mp4", MIB)
    line.proxy.spoil("POST", Fault(status=503), part="/upload/main")
    page.choose(tmp_path / "film.mp4")
    page.window.element("#send:enabled").click()
    page.window.reads("The server's answer did not come.")
    page.send()
    page.window.reads("1 file uploaded.")
    assert stored(films, "film.mp4") == content
    assert len([seen for seen in line.proxy.seen if seen.path == "/api/v1/uploads" and seen.method == "POST"]) == 1
