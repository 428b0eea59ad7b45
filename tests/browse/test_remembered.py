"""Pages that were rendered before: nobody sees what is not theirs, and whatever changes is seen at once."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep, time
from typing import Any

import brotli
import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from framework import config
from framework.accounts.core.account import Account
from framework.browse.remembered import _making
from framework.browse.render import rendering
from framework.database.session import read_transaction, transaction
from framework.observability.counts import COUNTS
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import update_project
from framework.projects.members.people import add_person
from framework.projects.members.roles import change_role, remove_person
from framework.projects.models import Project
from framework.repositories.cache import locks, marker
from framework.repositories.cache.eviction import copy_path, evict, lock_path
from framework.repositories.models import Repository
from framework.sandbox import sandbox
from tests.cast import SignIn, Visitor, csrf_token
from tests.projects.notify.test_digests import uploaded
from tests.projects.notify.test_inbox import unread_in
from tests.statements import noted_statements
from tests.uploads.form import upload

PAGE = "/alice/secret"
READERS = 4
FROM_ANOTHER_PROCESS = """
import sys
from framework.application import create_app
from framework.config import Config
answer = create_app(Config.from_environment()).test_client().get(sys.argv[1])
sys.exit(0 if answer.status_code == 200 and "notes.txt" in answer.text else answer.text)
"""


def entries() -> list[Path]:
    """The remembered pages of this machine."""
    return sorted((config.current().data / "pages").glob("*/*"))


def count_openings() -> float:
    """How often a local copy was opened by this process."""
    found = (COUNTS.get_sample_value("holdfast_cache_opened_total", {"result": result}) for result in ("hit", "miss"))
    return sum(value or 0 for value in found)


def without_times(page: TestResponse) -> str:
    """The page's text but for what a second or a minute changes: ages, and the moment in each CSRF token."""
    text = re.sub(r"(<time [^>]*>)[^<]*", r"\1", page.text)
    return re.sub(r'("csrf_token"[^>]* value=")[^"]*', r"\1", text)


def tag_confirmed(browser: Visitor, address: str) -> str:
    """The tag of the page, which the next request has confirmed; an age may have changed between the first two."""
    for _look in range(5):
        tag = browser.get(address).headers["ETag"]
        answer = browser.get(address, If_None_Match=tag)
        if answer.status_code == 304:
            assert (answer.data, answer.headers["ETag"]) == (b"", tag)
            return tag
    raise AssertionError(answer.status)


@pytest.fixture
def bobs(bob: Account, shared: ProjectAccess, reader: Visitor, signed_in: SignIn) -> Visitor:
    """Bob's browser, which has looked at Alice's private project with a file in it."""
    upload(reader, {"notes.txt": b"first\n"}, page=f"{PAGE}/upload/main", message="First")
    browser = signed_in(bob)
    assert "notes.txt" in browser.get(PAGE).text
    return browser


def test_a_page_that_was_rendered_is_read_from_the_disk_by_one_statement(reader: Visitor) -> None:
    reader.get("/alice/website")  # which also tells what the uploads did
    shown = reader.get("/alice/website")
    with noted_statements() as statements:
        again = reader.get("/alice/website")
    assert len(statements) == 1, "who it is with what they may see"
    assert without_times(again) == without_times(shown)
    assert again.headers["ETag"].partition(".")[0] == shown.headers["ETag"].partition(".")[0]
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in again.vary


def test_a_browser_that_has_the_page_is_told_so(reader: Visitor, visitor: Visitor) -> None:
    reader.get("/alice/website/tree/main/docs")
    for browser in (reader, visitor):
        tag = tag_confirmed(browser, "/alice/website/tree/main/docs")
    changed = reader.get("/alice/website/tree/main/docs", If_None_Match=tag)
    assert changed.status_code == 200, "the tag is a stranger's"


def test_the_inbox_changes_the_tag(alice: Account, bobs: Visitor, shared: ProjectAccess) -> None:
    unread = int(unread_in(bobs.get(PAGE).text))
    tag = tag_confirmed(bobs, PAGE)
    uploaded(shared, alice, "Field data")
    changed = bobs.get(PAGE, If_None_Match=tag)
    assert changed.status_code == 200
    assert int(unread_in(changed.text)) == unread + 1


def test_who_was_removed_gets_no_remembered_page(
    alice: Account, bob: Account, secret: ProjectAccess, bobs: Visitor
) -> None:
    tag = bobs.get(PAGE).headers["ETag"]
    remove_person(alice, secret, person_id=bob.id)
    assert bobs.get(PAGE).status_code == 404
    assert bobs.get(PAGE, If_None_Match=tag).status_code == 404


def test_another_role_has_other_buttons(alice: Account, bob: Account, secret: ProjectAccess, bobs: Visitor) -> None:
    assert f"{PAGE}/upload/main" in bobs.get(PAGE).text
    change_role(alice, secret, person_id=bob.id, role="reader")
    assert f"{PAGE}/upload/main" not in bobs.get(PAGE).text


def test_another_name_and_description_are_seen_at_once(alice: Account, reader: Visitor, website: ProjectAccess) -> None:
    assert "For everybody" in reader.get("/alice/website").text
    update_project(alice, website, name="garden", description="Roses & thorns", visibility="public")
    page = reader.get("/alice/garden").text
    assert "Roses &amp; thorns" in page
    assert "/alice/website" not in page


def test_a_new_version_is_seen_at_once(reader: Visitor) -> None:
    reader.get("/alice/website")
    reader.get("/alice/website")  # which also tells what the uploads did
    tag = tag_confirmed(reader, "/alice/website")
    upload(reader, {"roses.txt": b"red"}, page="/alice/website/upload/main", message="Roses")
    assert "roses.txt" in reader.get("/alice/website", If_None_Match=tag).text


def test_a_remembered_form_works_for_each_session(
    alice: Account, bob: Account, website: ProjectAccess, reader: Visitor, signed_in: SignIn
) -> None:
    add_person(alice, website, person="bob", role="maintainer")
    upload(reader, {"a.txt": b"a"}, page="/alice/website/upload/main", message="A", branch="draft")
    browser = signed_in(bob)
    for name, who in (("first", reader), ("second", browser), ("third", reader)):
        page = who.get("/alice/website/branches").text
        branch = re.findall(r'name="branch" value="([^"]+)"', page)[0]
        token = csrf_token(page[page.index("/branches/rename") :])
        sent = {"csrf_token": token, "branch": branch, "name": name}
        answer = who.client.post("/alice/website/branches/rename", data=sent)
        assert answer.status_code == 302, name
    tokens = {csrf_token(who.get("/alice/website/branches").text) for who in (reader, browser)}
    assert len(tokens) == 2


def test_nothing_of_a_session_is_kept(bob: Account, bobs: Visitor) -> None:
    pages = [bobs.get(f"{PAGE}{place}").text for place in ("", "/branches", "/blob/main/notes.txt", "/commits/main")]
    kept = b"".join(entry.read_bytes() for entry in entries())
    assert b"notes.txt" in kept
    for page in pages:
        assert csrf_token(page).encode() not in kept
    assert bob.name.encode() not in kept
    assert bob.email.encode() not in kept


def test_a_damaged_entry_is_rendered_anew(reader: Visitor) -> None:
    reader.get("/alice/website")
    shown = without_times(reader.get("/alice/website"))
    for entry in entries():
        content = bytearray(entry.read_bytes())
        content[-20] ^= 1
        entry.write_bytes(content)
    assert without_times(reader.get("/alice/website")) == shown
    for entry in entries():
        entry.write_bytes(b"")
    assert without_times(reader.get("/alice/website")) == shown


def test_another_process_serves_it_without_the_copy(visitor: Visitor, reader: Visitor, website: ProjectAccess) -> None:
    assert "notes.txt" in visitor.get("/alice/website").text
    evict(website.repository_id)
    settings = config.current()
    for pack in (settings.data / "objects").rglob("*.pack"):
        pack.unlink()
    environment = os.environ | {"HOLDFAST_DATA": str(settings.data), "DATABASE_URL": settings.database_url}
    environment |= {"SECRET_KEY": settings.secret_key, "BASE_URL": settings.base_url}
    command = [sys.executable, "-c", FROM_ANOTHER_PROCESS, "/alice/website"]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("has_it", [False, True], ids=["anew", "in the browser"])
def test_a_restored_database_is_noticed_without_opening_the_copy(
    reader: Visitor, website: ProjectAccess, has_it: bool
) -> None:
    reader.get("/alice/website")  # which also tells what the uploads did
    tag = tag_confirmed(reader, "/alice/website")
    with read_transaction() as session:
        entry_hash = session.get_one(Repository, website.repository_id).entry_hash
    upload(reader, {"more.txt": b"more\n"}, page="/alice/website/upload/main", message="More")
    reader.get("/alice/website/tree/main")  # which has the copy brought forward
    with transaction() as session:
        repository = session.get_one(Repository, website.repository_id)
        repository.version, repository.entry_hash = repository.version - 1, entry_hash
        session.execute(update(Project).values(updated_at=website.updated_at))
    answer = reader.get("/alice/website", **({"If_None_Match": tag} if has_it else {}))
    assert answer.status_code == 503


def test_what_is_told_once_is_told_once(reader: Visitor) -> None:
    reader.get("/alice/website")
    with reader.client.session_transaction() as session:
        session["_flashes"] = [("success", "Saved & sound")]
    told = reader.get("/alice/website")
    assert "Saved &amp; sound" in told.text
    assert "ETag" not in told.headers
    assert "Saved" not in reader.get("/alice/website").text


def test_a_project_that_wakes_says_so_once(reader: Visitor, website: ProjectAccess) -> None:
    evict(website.repository_id)
    assert "woken by this visit" in reader.get("/alice/website").text
    assert "woken by this visit" not in reader.get("/alice/website").text


def test_a_stranger_is_led_back_to_the_very_page(visitor: Visitor, reader: Visitor) -> None:
    plain, asked = (visitor.get(f"/alice/website{query}") for query in ("", "?from=letter"))
    assert "/login?next=/alice/website%3Ffrom%3Dletter" in asked.text
    assert plain.headers["ETag"] != asked.headers["ETag"]


def test_a_page_of_a_busy_moment_is_made_again(
    reader: Visitor, visitor: Visitor, website: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(reader, {"table.csv": b"a,b\n1,2\n"}, page="/alice/website/upload/main", message="A table")
    page = "/alice/website/blob/main/table.csv"
    monkeypatch.setattr(sandbox, "LONGEST_WAIT_SECONDS", 0)
    slots = [rendering.sandbox._free.acquire() for _slot in range(sandbox.AT_ONCE)]
    tags = []
    for browser in (reader, visitor):
        busy = browser.get(page, Accept_Encoding="br")
        tags.append(busy.headers.get("ETag", ""))
    assert rendering.BUSY in reader.get(page).text
    for _slot in slots:
        rendering.sandbox._free.release()
    for browser, tag in zip((reader, visitor), tags, strict=True):
        answer = browser.get(page, If_None_Match=tag)
        assert answer.status_code == 200
        assert rendering.BUSY not in answer.text
    assert rendering.BUSY.encode() not in brotli.decompress(visitor.get(page, Accept_Encoding="br").data)


def test_readers_of_a_cold_project_have_its_page_made_once(app: Flask, reader: Visitor, website: ProjectAccess) -> None:
    upload(reader, {"notes.txt": b"first\n"}, page="/alice/website/upload/main", message="First")
    assert evict(website.repository_id)
    before, waiting = count_openings(), list[Any]()
    with ThreadPoolExecutor(READERS) as pool, locks.lock_exclusive(lock_path(website.repository_id, "update")):
        shown = [pool.submit(app.test_client().get, "/alice/website") for _reader in range(READERS)]
        while len(waiting) < READERS - 1:
            sleep(0.01)
            flights = [*_making._flights.values()]
            waiting = [one for flight in flights for one in flight._condition._waiters]  # type: ignore[attr-defined]
    assert all("notes.txt" in answer.result().text for answer in shown)
    assert count_openings() - before == 1


def test_a_look_at_a_page_is_a_use_of_the_copy_that_is_written_now_and_then(
    reader: Visitor, website: ProjectAccess
) -> None:
    copy = copy_path(website.repository_id)
    for _look in range(2):
        reader.get("/alice/website")
    long_ago = time() - 3600
    os.utime(copy / marker.NAME, (long_ago, long_ago))
    reader.get("/alice/website")
    used = marker.last_used(copy)
    assert used > long_ago
    reader.get("/alice/website")
    assert marker.last_used(copy) == used
