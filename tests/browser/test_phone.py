"""Every page of a project fits a phone, its menus too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.conftest import in_chromium
from tests.browser.pages import UploadPage
from tests.browser.window import Window

LONG = "a-name-that-nobody-would-type-" * 6
PLACES = [
    "", f"/tree/main/{LONG}", f"/blob/main/{LONG}/wide.md", f"/blob/main/{LONG}/wide.md?plain=1", "/commits/main",
    f"/commits/main/{LONG}/wide.md", f"/upload/main/{LONG}", "/activity", "/settings", "/settings/people",
    f"/new/main/{LONG}", f"/edit/main/{LONG}/wide.md", f"/delete/main/{LONG}", f"/move/main/{LONG}/wide.md",
    f"/new-folder/main/{LONG}", f"/deleted/main/{LONG}",
    f"/blame/main/{LONG}/wide.md", "/commit/main", "/commit/main?view=split", "/branches", "/tags", "/compare",
    "/cite/main", "/find/main", "/search/main?q=name", "/compare/main...main",
]  # fmt: skip
WIDE = f"# {LONG}\n\n| {LONG} | b |\n|-|-|\n| {LONG} | {LONG} |\n\n```\n{LONG * 3}\n```\n\n{LONG * 3}\n"


@pytest.fixture
def phone(window: Window) -> Iterator[Window]:
    """A window as wide as a phone."""
    with window.narrowed(width=390, height=800):
        yield window


@in_chromium
def test_no_page_is_wider_than_a_phone(phone: Window, alice: Account, secret: ProjectAccess, tmp_path: Path) -> None:
    (tmp_path / LONG).mkdir()
    for name in ("wide.md", "readme.md", f"{LONG}.txt"):
        (tmp_path / LONG / name).write_text(WIDE)
    pages.sign_in(phone, alice)
    phone.open(f"{secret.path}/upload/main")
    page = UploadPage(phone)
    page.choose_folder(tmp_path / LONG)
    phone.fill("Message", LONG * 3)
    assert phone.hidden_pixels() == 0
    page.send()
    for place in PLACES:
        phone.open(secret.path + place)
        assert (place, phone.hidden_pixels()) == (place, 0)


@in_chromium
@pytest.mark.parametrize(
    "menu", ["Download", "main", "Add something else", "More for this folder", "Your account, {name}"]
)
def test_an_open_menu_stays_on_the_phone(
    phone: Window, alice: Account, secret: ProjectAccess, tmp_path: Path, menu: str
) -> None:
    (tmp_path / "a.txt").write_text("a")
    pages.sign_in(phone, alice)
    phone.open(f"{secret.path}/upload/main")
    page = UploadPage(phone)
    page.choose(tmp_path / "a.txt")
    page.send()
    phone.press(menu.format(name=alice.name))
    panel = phone.element("details[open] > .menu-panel").rect
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 390
    assert phone.hidden_pixels() == 0
