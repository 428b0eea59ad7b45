"""Stories of people without an account: handing in, and a blind review, most of it with JavaScript switched off."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.database.session import transaction
from framework.database.types import now
from framework.links.models import DropOff
from framework.links.owning import make_drop_off
from framework.links.rules import WantedDropOff
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.pages import UploadPage
from tests.browser.window import Window
from tests.uploads.conftest import store_files


def test_hand_in_without_an_account_and_replace_until_the_deadline(
    plain_window: Window, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    link = _make_link(plain_window, alice, secret)
    _hand_in(plain_window, link, tmp_path, "essay.txt", "First thoughts")
    mine = plain_window.path
    _choose(plain_window, tmp_path, "essay-2.txt", "Second thoughts")
    plain_window.leaves(lambda: plain_window.press("Replace"))
    plain_window.reads("essay-2.txt")
    assert "essay.txt" not in plain_window.text
    with transaction() as session:
        session.execute(update(DropOff).values(deadline=now() - timedelta(minutes=1)))
    for page in (link, mine):
        plain_window.open(page)
        plain_window.reads("Nothing more can be handed in.")
        assert not plain_window.visible("form")
    pages.sign_in(plain_window, alice)
    plain_window.open(f"{secret.path}/tree/main/essays/Ada Lovelace")
    plain_window.reads("essay-2.txt")


def test_hand_in_a_folder_by_the_page_with_its_script(
    window: Window, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    """The same page as members upload by: files go in parts, and wrong types are told before a byte is sent."""
    facts = WantedDropOff(title="Essay 1", folder="essays", types=".txt")
    window.open(urlsplit(make_drop_off(alice, secret, facts).url).path)
    window.fill("Your name", "Ada Lovelace")
    window.fill("Your e-mail", "ada@example.com")
    for name in ("essay.txt", "film.mp4"):
        (tmp_path / name).write_text(name)
    UploadPage(window).choose(tmp_path / "essay.txt", tmp_path / "film.mp4")
    window.reads("is not of a type that is accepted here")
    window.leaves(lambda: window.press("Hand in 1 file"))
    window.reads("Received from Ada Lovelace")
    assert "film.mp4" not in window.text


def test_a_blind_review(plain_window: Window, alice: Account, secret: ProjectAccess) -> None:
    store_files(secret, alice, {"paper/paper.md": b"# On engines"}, message="By Alice Liddell")
    pages.sign_in(plain_window, alice)
    plain_window.open(f"{secret.path}/settings/links")
    plain_window.field("Hide who works on it").click()
    plain_window.leaves(lambda: plain_window.press("Create view-only link"))
    address = str(plain_window.element("#made-url").get_property("value"))
    pages.sign_out(plain_window, alice.name)
    plain_window.open(urlsplit(address).path)
    plain_window.reads("Shown without the names of the people who work on it.")
    plain_window.press("paper")
    plain_window.press("paper.md")
    plain_window.reads("On engines")
    assert not re.search(r"alice|liddell|secret", plain_window.driver.page_source, re.IGNORECASE)
    plain_window.press("Download ZIP")
    assert plain_window.downloaded("project.zip").startswith(b"PK")


def _make_link(window: Window, alice: Account, project: ProjectAccess) -> str:
    """Alice makes a link, copies it, and signs out; its path."""
    pages.sign_in(window, alice)
    window.open(f"{project.path}/settings/links")
    window.fill("Title", "Essay 1")
    window.fill("Folder", "essays")
    window.leaves(lambda: window.press("Create drop-off link"))
    window.reads("Copy your new link")
    address = str(window.element("#made-url").get_property("value"))
    pages.sign_out(window, alice.name)
    return urlsplit(address).path


def _hand_in(window: Window, link: str, folder: Path, name: str, content: str) -> None:
    window.open(link)
    window.reads("Essay 1")
    window.fill("Your name", "Ada Lovelace")
    window.fill("Your e-mail", "ada@example.com")
    _choose(window, folder, name, content)
    window.leaves(lambda: window.press("Hand in"))
    window.reads("Received from Ada Lovelace")
    assert re.search(r"[0-9a-f]{64}", window.text)


def _choose(window: Window, folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    UploadPage(window).choose(folder / name)
