"""The pages that stories use: what a person can do on each, and what can be read there."""

from collections.abc import Sequence
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from framework.accounts.core.account import Account
from tests.browser.window import Window
from tests.cast import PASSWORD

_PROGRESS = """
    const bars = [...document.querySelectorAll("progress")].filter((bar) => bar.checkVisibility());
    return bars.map((bar) => [bar.getAttribute("aria-label"), bar.position]);
"""


_ASKED_TO_LEAVE = """
    const leaving = new Event("beforeunload", { cancelable: true });
    dispatchEvent(leaving);
    return leaving.defaultPrevented;
"""


def sign_up(window: Window, *, name: str, email: str, password: str) -> None:
    """Fill in the form and press Enter."""
    window.open("/signup")
    window.fill("User name", name)
    window.fill("E-mail", email)
    window.fill("Password", password)
    window.leaves(lambda: window.field("Password").send_keys(Keys.ENTER))


def enter_password(window: Window, *, login: str, password: str) -> None:
    """Fill in the form of the login page and press Enter."""
    window.open("/login")
    window.fill("User name or e-mail", login)
    window.fill("Password", password)
    window.leaves(lambda: window.field("Password").send_keys(Keys.ENTER))


def sign_in(window: Window, account: Account) -> None:
    """Be signed in as this person."""
    enter_password(window, login=account.name, password=PASSWORD)
    window.arrives("/")


def sign_out(window: Window, name: str) -> None:
    """Use the menu behind the picture."""
    window.press(f"Your account, {name}")
    window.leaves(lambda: window.press("Sign out"))


def listed(window: Window) -> list[str]:
    """The names in the list of files."""
    return [name.text for name in window.visible(".files td.name a:not([aria-label])")]


class UploadPage:
    """The page that takes files, with JavaScript or without it."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def choose(self, *paths: Path) -> None:
        """Choose files in the computer's file chooser."""
        self._input("files").send_keys("\n".join(str(path) for path in paths))

    def choose_folder(self, folder: Path) -> None:
        """Choose a folder with everything in it; Firefox's driver takes files only, so each is given its path then."""
        self.window.refuse_elsewhere("the grid's file command takes a file, not a folder")
        if self.window.is_firefox:
            self._choose_files_of(folder)
        else:
            self._input("folder").send_keys(str(folder))

    def _choose_files_of(self, folder: Path) -> None:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.choose(path)
            self.rename(path.name, f"{folder.name}/{path.relative_to(folder)}")

    def drop(self, *paths: Path) -> None:
        """Drag files and folders from the computer onto the page."""
        self.window.drop(self.window.element("#drop"), list(paths))

    def waits_for(self, paths: Sequence[str]) -> None:
        """Wait until exactly these files are ready to be sent or told to be refused."""
        wanted = sorted(paths)
        self.window.wait(lambda: sorted(self.staged()) == wanted, f"A list of {wanted}")

    def staged(self) -> dict[str, str]:
        """Each file on the list with what is said of it."""
        rows = self.window.visible("#staged-list li")
        return {_said(row, "[data-path]"): _said(row, "[data-note]") for row in rows}

    def is_told(self, wanted: dict[str, str]) -> None:
        """Wait until the list tells exactly this of each file."""
        self.window.wait(lambda: self.staged() == wanted, f"A list that tells {wanted}, not {self.staged()}")

    def message(self) -> str:
        """The proposed message, once the server has told what will happen."""
        self.window.element("#send:enabled")
        return str(self.window.field("Message").get_property("value"))

    def rename(self, path: str, to: str) -> None:
        """Give a file on the list another path, by the keyboard."""
        self.window.press(f"Rename {path}")
        field = self.window.element(".path-field")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(to, Keys.ENTER)

    def outcomes(self) -> dict[str, str]:
        """Each file of an upload that came back with what happened to it."""
        rows = self.window.visible(".outcomes li")
        return {_said(row, ".list-title"): _said(row, ".list-note") for row in rows}

    def progress(self) -> dict[str, float]:
        """How far each visible bar is, from 0 to 1, by its label; one that only tells that something goes on is -1."""
        return dict(self.window.driver.execute_script(_PROGRESS))

    def asks_before_it_is_left(self) -> bool:
        """Whether the browser would ask before it leaves; drivers answer the question itself, before a test sees it."""
        return bool(self.window.driver.execute_script(_ASKED_TO_LEAVE))

    def begin(self, name: str) -> None:
        """Press the button, and wait until the first bytes of this file are on their way."""
        self.window.element("#send:enabled").click()
        self.window.wait(lambda: self.progress().get(name, 0) > 0, "The beginning")

    def send(self) -> None:
        """Press the button, whatever number of files it names, and wait for the page that comes after it."""
        self.window.leaves(self.window.element("#send:enabled").click)

    def _input(self, name: str) -> WebElement:
        return self.window.driver.find_element(By.ID, name)


def _said(row: WebElement, css: str) -> str:
    return row.find_element(By.CSS_SELECTOR, css).text
