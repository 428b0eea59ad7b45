"""A browser window as a person uses it: things are found by what they say, and everything is waited for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.servers.browsers import is_remote
from tests.servers.processes import HANG_SECONDS

_PRESSABLE = "self::a or self::button or self::summary or self::label"

Found = TypeVar("Found")


class Window:
    """One window that looks at one site."""

    def __init__(self, driver: WebDriver, url: str, downloads: Path) -> None:
        self.driver, self.url, self._downloads = driver, url, downloads

    def open(self, path: str) -> None:
        """Type this path of the site into the address bar."""
        self.driver.get(self.url + path)

    @property
    def path(self) -> str:
        """The path that the address bar shows."""
        return urlsplit(self.driver.current_url).path

    @property
    def text(self) -> str:
        """All text that can be seen."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def wait(self, until: Callable[[], Found | None], wanted: str) -> Found:
        """What `until` gives as soon as it is true; a failure shows the page's text and what was wanted."""
        try:
            # while one page gives way to the next, a driver answers with many kinds of errors
            patience = WebDriverWait(self.driver, HANG_SECONDS, 0.1, [WebDriverException])
            found = patience.until(lambda _driver: until())
        except TimeoutException as error:
            raise AssertionError(f"{wanted} does not come; {self.path} says:\n{self.text}") from error
        assert found
        return found

    def reads(self, text: str) -> None:
        """Wait until the page shows this text."""
        self.wait(lambda: text in self.text, f"“{text}”")

    def arrives(self, path: str) -> None:
        """Wait until the address bar shows this path."""
        self.wait(lambda: self.path == path, path)

    def visible(self, css: str) -> list[WebElement]:
        """What can be seen of these elements at this moment."""
        return [element for element in self.driver.find_elements(By.CSS_SELECTOR, css) if element.is_displayed()]

    def element(self, css: str) -> WebElement:
        """The first visible element of these, once there is one."""
        return self.wait(lambda: next(iter(self.visible(css)), None), css)

    def offers(self, text: str) -> bool:
        """Whether a link or button with this text, or this label, can be seen at this moment."""
        return bool(self._pressable(text))

    def press(self, text: str) -> None:
        """Press the link or button that says this, or whose label does, once it is there and not greyed out."""
        while True:
            button = self.wait(lambda: self._find_active(text), f"An active link or button “{text}”")
            with suppress(StaleElementReferenceException):  # the page has just renewed itself: it is there again
                button.click()
                return

    def _find_active(self, text: str) -> WebElement | None:
        return next((button for button in self._pressable(text) if button.is_enabled()), None)

    def field(self, label: str) -> WebElement:
        """The field whose label begins with this."""
        labels = f"//label[starts-with(normalize-space(), '{label}')]"
        return self.wait(
            lambda: self.driver.find_element(
                By.ID, self.driver.find_element(By.XPATH, labels).get_dom_attribute("for")
            ),
            f"A field “{label}”",
        )

    def fill(self, label: str, text: str) -> None:
        """Type this into the field, in place of what is there."""
        field = self.field(label)
        field.clear()
        field.send_keys(text)

    def leaves(self, act: Callable[[], None]) -> None:
        """Do this and wait until the page has gone."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        act()
        self.wait(lambda: self.driver.find_element(By.TAG_NAME, "html") != page, "Another page")

    @property
    def is_firefox(self) -> bool:
        """Whether this is a window of Firefox."""
        return bool(self.driver.capabilities["browserName"] == "firefox")

    def refuse_elsewhere(self, reason: str) -> None:
        """Skip what a browser cannot do that runs on a grid."""
        if is_remote(self.driver):
            pytest.skip(f"not on a grid: {reason}")

    def downloaded(self, name: str) -> bytes:
        """The bytes of a download, once it is complete; the browser names it otherwise until then."""
        self.refuse_elsewhere("its downloads are in its own folders")
        path = self._downloads / name
        self.wait(path.exists, f"The download {name}")
        return path.read_bytes()

    @contextmanager
    def slow_line(self, bytes_per_second: int) -> Iterator[None]:
        """A connection that sends no faster than this; in Chromium only."""
        self._command("Network.enable")
        self._limit(bytes_per_second)
        try:
            yield
        finally:
            self._limit(-1)

    @contextmanager
    def narrowed(self, *, width: int, height: int) -> Iterator[None]:
        """A screen of this many pixels, as a phone has it; in Chromium only."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self._command("Emulation.setDeviceMetricsOverride", **size)
        try:
            yield
        finally:
            self._command("Emulation.clearDeviceMetricsOverride")

    def hidden_pixels(self) -> int:
        """By how much the page is wider than the window."""
        root = "document.documentElement"
        return int(self.driver.execute_script(f"return {root}.scrollWidth - {root}.clientWidth"))

    def drop(self, target: WebElement, paths: list[Path]) -> None:
        """Drag these files and folders from the computer onto the element; in Chromium only."""
        self.refuse_elsewhere("what is dropped are paths of its own machine")
        box = target.rect
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "data": data}
        for step in ("dragEnter", "dragOver", "drop"):
            self._command("Input.dispatchDragEvent", type=step, **place)

    def _limit(self, bytes_per_second: int) -> None:
        limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
        self._command("Network.emulateNetworkConditions", **limits)

    def _command(self, name: str, **parameters: object) -> None:
        self.driver.execute("executeCdpCommand", {"cmd": name, "params": parameters})

    def _pressable(self, text: str) -> list[WebElement]:
        said = f"normalize-space()='{text}' or @aria-label='{text}'"
        found = [
            element
            for place in ("main", "header")
            for element in self.driver.find_elements(By.XPATH, f"//{place}//*[({_PRESSABLE}) and ({said})]")
        ]
        return [element for element in found if element.is_displayed()]
