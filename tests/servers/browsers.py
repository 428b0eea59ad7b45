"""Browsers that a person might use, driven by Selenium: Chromium, Firefox where it is installed, or a grid's."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Firefox, FirefoxOptions, FirefoxService, Remote
from selenium.webdriver.remote.webdriver import WebDriver

from tests.servers.processes import MARK
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
    """Chromium always, since the tests need one browser; Firefox when it and its driver are there."""
    has_firefox = shutil.which("geckodriver") and (shutil.which("firefox") or shutil.which("firefox-esr"))
    return ["chromium", "firefox"] if has_firefox else ["chromium"]


@contextmanager
def browser(name: str, folder: Path, run: Run, *, scripts: bool = True) -> Iterator[WebDriver]:
    """A browser window with a fresh profile in `folder`, its downloads in `folder/downloads`, JavaScript on or off.

    With SELENIUM_REMOTE_URL it is a window of that grid, and its folders are the grid's own.
    """
    driver = (_chromium if name == "chromium" else _firefox)(folder, run, scripts=scripts)
    try:
        yield driver
    finally:
        driver.quit()


def _chromium(folder: Path, run: Run, *, scripts: bool) -> WebDriver:
    options = ChromeOptions()
    for flag in _CHROMIUM_FLAGS:
        options.add_argument(flag)
    preferences = {"profile.managed_default_content_settings.javascript": 1 if scripts else 2}
    options.add_experimental_option("prefs", {**preferences, "download.default_directory": str(folder / "downloads")})
    if grid := os.environ.get("SELENIUM_REMOTE_URL"):
        return Remote(grid, options=options)
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    options.binary_location = program("chromium")
    driver = program("chromedriver")
    service = ChromeService(driver, log_output=str(folder / "driver.log"), env={**os.environ, MARK: str(run.folder)})
    return Chrome(options=options, service=service)


def _firefox(folder: Path, run: Run, *, scripts: bool) -> WebDriver:
    options = FirefoxOptions()
    options.add_argument("-headless")
    options.set_preference("javascript.enabled", scripts)
    options.set_preference("browser.download.folderList", 2)
    options.set_preference("browser.download.dir", str(folder / "downloads"))
    if grid := os.environ.get("SELENIUM_REMOTE_URL"):
        return Remote(grid, options=options)
    options.binary_location = shutil.which("firefox") or program("firefox-esr")
    driver = program("geckodriver")
    service = FirefoxService(driver, log_output=str(folder / "driver.log"), env={**os.environ, MARK: str(run.folder)})
    return Firefox(options=options, service=service)
