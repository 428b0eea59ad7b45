"""One server and one browser for many stories: each story has people of its own and starts without cookies."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from framework import config
from framework.accounts.core.account import Account
from framework.config import Config
from framework.formatting import MIB
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from tests.browser import pages
from tests.browser.pages import UploadPage
from tests.browser.window import Window
from tests.cast import new_account
from tests.servers import browsers
from tests.servers.application import deployments, gunicorn
from tests.servers.run import Run

in_each_browser = pytest.mark.each_browser("firefox", "grid")
in_chromium = pytest.mark.parametrize("opened_browser", ["chromium"], indirect=True)
"""For what only Chromium does here: drop files from a folder, slow the line down, draw in 3D by software."""


@dataclass(frozen=True)
class Site:
    """A deployment that runs, and its address."""

    url: str
    settings: Config


@dataclass(frozen=True)
class OpenedBrowser:
    """A browser that stays open for many stories, and where its downloads are."""

    driver: WebDriver
    downloads: Path


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The application under gunicorn, where a file may have 1 MiB, a form 2 MiB and a version 3 MiB."""
    data = tmp_path_factory.mktemp("site") / "data"
    with deployments.DEPLOYMENTS[request.param](run, data) as made:
        settings = replace(made, max_file_bytes=MIB, max_request_bytes=2 * MIB, max_push_bytes=3 * MIB)
        variables = deployments.environment(settings)
        with gunicorn.gunicorn(run, {name: variables[name] for name in variables.keys() - {"BASE_URL", "PORT"}}) as up:
            yield Site(up.url, replace(settings, base_url=up.url))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a story in Chromium, in the browsers that its mark names, and in Firefox with the long tests."""
    named = metafunc.definition.get_closest_marker("each_browser")
    chosen = named.args if named else ()
    given = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    for name in {"opened_browser", "opened_plain_browser"} & set(metafunc.fixturenames) - given:
        metafunc.parametrize(name, _params(chosen), indirect=True, scope="session")


def _params(chosen: Sequence[str]) -> list[Any]:
    others = [name for name in browsers.installed_browsers() if name != "chromium"]
    long = [pytest.param("firefox", marks=pytest.mark.long)] if "firefox" in others and "firefox" not in chosen else []
    return ["chromium", *(name for name in others if name in chosen), *long]


@pytest.fixture(scope="session")
def opened_browser(
    request: pytest.FixtureRequest, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenedBrowser]:
    """A browser as people have it."""
    with _opened(request.param, run, tmp_path_factory.mktemp("browser"), scripts=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def opened_plain_browser(
    request: pytest.FixtureRequest, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenedBrowser]:
    """A browser with JavaScript switched off."""
    with _opened(request.param, run, tmp_path_factory.mktemp("browser"), scripts=False) as opened:
        yield opened


@pytest.fixture
def window(opened_browser: OpenedBrowser, here: Site) -> Window:
    """A window of somebody who is not signed in."""
    return _fresh(opened_browser, here)


@pytest.fixture
def plain_window(opened_plain_browser: OpenedBrowser, here: Site) -> Window:
    """The same, with JavaScript switched off."""
    return _fresh(opened_plain_browser, here)


@pytest.fixture
def here(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The site, on which this process can act, too: what a story begins with need not be clicked together."""
    monkeypatch.setattr(config, "_current", site.settings)
    yield site
    deployments.leave()


@pytest.fixture
def new_person(here: Site, run: Run) -> Callable[[str], Account]:
    """Makes people whose names begin as asked and are nobody else's on this site."""

    def make(name: str) -> Account:
        return new_account(f"{name}-{run.number('person')}")

    return make


@pytest.fixture
def alice(new_person: Callable[[str], Account]) -> Account:
    """Owns projects."""
    return new_person("alice")


@pytest.fixture
def bob(new_person: Callable[[str], Account]) -> Account:
    """Helps Alice."""
    return new_person("bob")


@pytest.fixture
def secret(alice: Account) -> ProjectAccess:
    """Alice's private project, without files."""
    return create_project(alice, name="secret", description="Nobody's business", visibility="private")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder on Alice's computer, with files on three levels."""
    folder = tmp_path / "field work"
    for name in ("readme.txt", "2026/july/plot 1.csv", "2026/july/Größe.csv", "2026/photo.jpg"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


@pytest.fixture
def page(window: Window, alice: Account, secret: ProjectAccess) -> UploadPage:
    """The upload page of Alice's empty project, which she has reached by its button."""
    pages.sign_in(window, alice)
    window.open(secret.path)
    window.press("Upload files")
    window.reads("Drop files or folders anywhere on this page")
    return UploadPage(window)


@contextmanager
def _opened(name: str, run: Run, folder: Path, *, scripts: bool) -> Iterator[OpenedBrowser]:
    with browsers.browser(name, folder, run, scripts=scripts) as driver:
        yield OpenedBrowser(driver, folder / "downloads")


def _fresh(opened: OpenedBrowser, site: Site) -> Window:
    """Nothing is left of the story before: cookies belong to the page's host, so one of its pages is opened first."""
    opened.driver.get(f"{site.url}/healthz")
    opened.driver.delete_all_cookies()
    shutil.rmtree(opened.downloads, ignore_errors=True)
    return Window(opened.driver, site.url, opened.downloads)
