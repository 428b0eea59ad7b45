"""Handing in without an account: a folder of one's own, a receipt, and nobody else's files."""

import hashlib
from contextlib import nullcontext
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.signin.tokens import create_token
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.links.drop.drop_offs import GRACE, DropOffClosed, open_drop_off
from framework.links.drop.handing_in import Delivery, folder_name, hand_in
from framework.links.listing import list_links
from framework.links.models import DropOff
from framework.links.owning import change_drop_off, extend, revoke_link
from framework.links.rules import DropOffChanges
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project, trash_project, update_project
from framework.projects.models import Link
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from tests.cast import Visitor, csrf_token, on_each_deployment, posted_texts
from tests.links.conftest import ADA, mails_to, make_drop, path_of, personal_link, send
from tests.uploads.conftest import received, store_files
from tests.uploads.form import paths

BOB = {"name": "Bob", "email": "bob@example.com"}


@on_each_deployment
def test_a_stranger_hands_in_a_folder_and_gets_a_receipt(visitor: Visitor, drop: str, secret: ProjectAccess) -> None:
    page = visitor.get(drop)
    assert (page.status_code, page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == (
        200,
        "no-referrer",
        "no-store",
    )
    answer = send(visitor, drop, {"essay.txt": b"Engines", "data/table.csv": b"1,2"}, **ADA)
    assert answer.status_code == 303
    assert paths(secret, "essays/Ada Lovelace") == {"essays/Ada Lovelace/essay.txt", "essays/Ada Lovelace/data"}
    (mail,) = mails_to(ADA["email"], posted_texts())
    assert hashlib.sha256(b"Engines").hexdigest() in mail
    assert "essay.txt" in mail
    assert "data/table.csv" in mail
    assert answer.location == personal_link(mail)
    receipt = visitor.get(answer.location).text
    assert "Received from Ada Lovelace" in receipt
    assert hashlib.sha256(b"1,2").hexdigest() in receipt


def test_the_version_has_the_name_and_no_address(visitor: Visitor, drop: str, secret: ProjectAccess) -> None:
    send(visitor, drop, {"essay.txt": b"Engines"}, **ADA)
    with open_copy(secret.repository_id) as copy:
        (commit,) = read_log(copy, resolve(copy, "main"))
    assert (commit.author_name, commit.title) == ("Ada Lovelace", "Hand in 1 file of Ada Lovelace")
    local, _, domain = commit.author_email.partition("@")
    assert domain == "hand-in.invalid"
    assert set(local) <= set("0123456789abcdef"), "an id, in which “ada” may stand by chance"


def test_a_personal_link_replaces_everything(app: Flask, drop: str, secret: ProjectAccess) -> None:
    mine = send(Visitor(app), drop, {"draft.txt": b"1", "essay.txt": b"1"}, **ADA).location
    other = Visitor(app)
    assert send(other, mine, {"essay.txt": b"2", "more.txt": b"3"}, name="Ada King").location == mine
    assert paths(secret, "essays/Ada Lovelace") == {"essays/Ada Lovelace/essay.txt", "essays/Ada Lovelace/more.txt"}
    assert "draft.txt" not in other.get(mine).text
    assert send(other, mine, {"essay.txt": b"2", "more.txt": b"3"}, name="Ada King").status_code == 303
    assert len(mails_to(ADA["email"], posted_texts())) == 2


def test_another_who_types_the_same_address_begins_another_hand_in(
    app: Flask, drop: str, secret: ProjectAccess
) -> None:
    mine = send(Visitor(app), drop, {"essay.txt": b"mine"}, **ADA).location
    stranger = Visitor(app)
    theirs = send(stranger, drop, {"essay.txt": b"theirs"}, **ADA)
    assert theirs.location != mine
    assert "Ada Lovelace" not in stranger.get(drop).text
    assert paths(secret, "essays") == {"essays/Ada Lovelace", "essays/Ada Lovelace (2)"}
    # The last character of Base64 has bits that say nothing; the first one of the signature has none.
    signed, _, signature = mine.rpartition(".")
    assert stranger.get(f"{signed}.{'b' if signature[0] == 'a' else 'a'}{signature[1:]}").status_code == 404


def test_a_folder_that_is_there_is_nobodys(visitor: Visitor, alice: Account, secret: ProjectAccess) -> None:
    store_files(secret, alice, {"essays/Ada Lovelace/notes.txt": b"Alice's own"})
    send(visitor, path_of(make_drop(alice, secret)), {"notes.txt": b"Ada's"}, **ADA)
    assert paths(secret, "essays") == {"essays/Ada Lovelace", "essays/Ada Lovelace (2)"}


def test_feedback_of_the_owner_stays_when_a_hand_in_is_replaced(
    visitor: Visitor, alice: Account, drop: str, secret: ProjectAccess
) -> None:
    mine = send(visitor, drop, {"essay.txt": b"1"}, **ADA).location
    store_files(secret, alice, {"essays/Ada Lovelace/feedback.txt": b"Good"})
    send(visitor, mine, {"other.txt": b"2"}, name="Ada")
    kept = {"essays/Ada Lovelace/feedback.txt", "essays/Ada Lovelace/other.txt"}
    assert paths(secret, "essays/Ada Lovelace") == kept


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({**ADA, "name": " "}, "Enter your name"),
        ({**ADA, "name": "a\x07b"}, "Enter your name"),
        ({**ADA, "email": "ada"}, "This is not an e-mail address"),
        ({**ADA, "email": "ada@example.com\nBcc: x@example.com"}, "This is not an e-mail address"),
    ],
)
def test_who_does_not_say_who_they_are_hands_nothing_in(
    visitor: Visitor, drop: str, secret: ProjectAccess, fields: dict[str, str], sentence: str
) -> None:
    answer = send(visitor, drop, {"essay.txt": b"1"}, **fields)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert not paths(secret)


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        ({"essay.exe": b"1", "essay.pdf": b"1"}, "“essay.exe” is not of a type that is accepted here: .pdf."),
        ({"../essay.pdf": b"1"}, "“../essay.pdf”"),
        ({".git/config.pdf": b"1"}, "“.git/config.pdf”"),
        ({"essay.pdf": bytes(2049)}, "over the 2 KiB limit"),
        ({}, "No file was chosen."),
    ],
)
def test_files_keep_the_rules_of_the_link_and_of_uploads(
    visitor: Visitor, alice: Account, secret: ProjectAccess, contents: dict[str, bytes], sentence: str
) -> None:
    page = path_of(make_drop(alice, secret, types="PDF", max_file_bytes=2048))
    answer = send(visitor, page, contents, **ADA)
    assert answer.status_code in {400, 413}
    assert sentence in answer.text
    assert not paths(secret)


def test_a_working_token_in_a_file_is_refused(visitor: Visitor, alice: Account, drop: str) -> None:
    token = create_token(alice.id, "in a notebook", ["read"])
    answer = send(visitor, drop, {"notebook.ipynb": token.encode()}, **ADA)
    assert answer.status_code == 400
    assert "contains an access token" in answer.text


def test_no_more_comes_in_than_the_link_may_bring(visitor: Visitor, alice: Account, secret: ProjectAccess) -> None:
    page = path_of(make_drop(alice, secret, max_total_bytes=1000))
    mine = send(visitor, page, {"a": bytes(600)}, **ADA).location
    assert send(visitor, mine, {"b": bytes(600)}, name="Ada").status_code == 413
    assert paths(secret, "essays/Ada Lovelace") == {"essays/Ada Lovelace/a"}


def test_after_the_deadline_nothing_is_taken_and_the_receipt_stays(
    visitor: Visitor, drop: str, secret: ProjectAccess
) -> None:
    mine = send(visitor, drop, {"essay.txt": b"1"}, **ADA).location
    token = csrf_token(visitor.get(drop).text)
    _end(minutes_ago=1)
    for page in (drop, mine):
        assert "The deadline was" in visitor.get(page).text
        answer = visitor.client.post(page, data={"csrf_token": token, **BOB})
        assert answer.status_code == 403
        assert "Nothing more can be handed in." in answer.text
    assert "essay.txt" in visitor.get(mine).text
    assert paths(secret, "essays") == {"essays/Ada Lovelace"}


@pytest.mark.parametrize("late", [False, True])
def test_what_was_begun_in_time_may_end_shortly_after_the_deadline(
    drop: str, secret: ProjectAccess, late: bool
) -> None:
    opened, began_at = open_drop_off(drop.rpartition("/")[2]), now() - timedelta(hours=1)
    _end(minutes_ago=GRACE.seconds // 60 + 1 if late else 1)
    with scratch("test") as folder, pytest.raises(DropOffClosed) if late else nullcontext():
        hand_in(opened, Delivery("Ada", "ada@example.com", [("a.txt", received(folder, b"1"))], began_at))
    assert bool(paths(secret)) is not late


def test_the_deadline_is_judged_where_the_hand_in_commits(drop: str, secret: ProjectAccess) -> None:
    opened = open_drop_off(drop.rpartition("/")[2])
    _end(minutes_ago=1)
    with scratch("test") as folder, pytest.raises(DropOffClosed):
        hand_in(opened, Delivery("Ada", "ada@example.com", [("a.txt", received(folder, b"1"))], now()))
    assert not paths(secret)


def test_one_person_is_given_more_time(app: Flask, alice: Account, secret: ProjectAccess, drop: str) -> None:
    _end(minutes_ago=1)
    (link,) = list_links(secret)
    extended = extend(alice, secret, link.id, email="ada@example.com", until=now() + timedelta(hours=1))
    (mail,) = mails_to("ada@example.com", posted_texts())
    mine = personal_link(mail)
    assert mine == extended.path
    visitor = Visitor(app)
    assert send(visitor, mine, {"essay.txt": b"1"}, name="Ada").location == mine
    assert paths(secret, "essays") == {"essays/Ada"}
    assert "The deadline was" in visitor.get(drop).text


def test_more_time_hands_nobody_a_row_that_others_hold(
    app: Flask, alice: Account, secret: ProjectAccess, drop: str
) -> None:
    theirs = send(Visitor(app), drop, {"bait.txt": b"theirs"}, name="Mallory", email="ADA@example.com").location
    _end(minutes_ago=1)
    (link,) = list_links(secret)
    until = now() + timedelta(hours=1)
    mine = extend(alice, secret, link.id, email="ada@example.com", until=until).path
    assert extend(alice, secret, link.id, email="ada@example.com", until=until).path == mine
    assert send(Visitor(app), mine, {"essay.txt": b"mine"}, name="Ada").location == mine
    assert paths(secret, "essays") == {"essays/Ada", "essays/Mallory"}
    assert "essay.txt" not in Visitor(app).get(theirs).text
    assert "The deadline was" in Visitor(app).get(theirs).text


def test_a_closed_link_says_so_and_a_revoked_one_is_gone(
    visitor: Visitor, alice: Account, secret: ProjectAccess, drop: str
) -> None:
    mine = send(visitor, drop, {"essay.txt": b"1"}, **ADA).location
    token = csrf_token(visitor.get(drop).text)
    (link,) = list_links(secret)
    change_drop_off(alice, secret, link.id, DropOffChanges(closed=True))
    assert "closed by its owner" in visitor.get(drop).text
    assert visitor.client.post(drop, data={"csrf_token": token, **ADA}).status_code == 403
    change_drop_off(alice, secret, link.id, DropOffChanges(closed=False))
    assert send(visitor, mine, {"essay.txt": b"2"}, name="Ada").status_code == 303
    revoke_link(alice, secret, link.id)
    for page in (drop, mine):
        assert visitor.get(page).status_code == 404
        assert visitor.client.post(page, data={"csrf_token": token, **ADA}).status_code == 404
    assert paths(secret, "essays") == {"essays/Ada Lovelace"}


def test_a_link_ends_with_its_project_and_its_owner(
    visitor: Visitor, alice: Account, secret: ProjectAccess, drop: str
) -> None:
    update_project(alice, secret, name="secret", description="", visibility="public")
    assert "This project is public" in visitor.get(drop).text
    trash_project(alice, secret)
    assert visitor.get(drop).status_code == 404
    other = path_of(make_drop(alice, create_project(alice, name="other", description="", visibility="private")))
    assert visitor.get(other).status_code == 200
    suspend(alice.name)
    assert visitor.get(other).status_code == 404


def test_a_link_that_expired_is_gone(visitor: Visitor, drop: str) -> None:
    with transaction() as session:
        session.execute(update(Link).values(expires_at=now() - timedelta(seconds=1)))
    assert visitor.get(drop).status_code == 404


def test_only_the_digest_of_a_link_is_kept(drop: str) -> None:
    with read_transaction() as session:
        rows = session.query(Link).all()
    token = drop.rpartition("/")[2]
    assert rows
    assert token not in str([vars(row) for row in rows])


def test_receipts_stop_when_an_address_had_too_many(visitor: Visitor, drop: str) -> None:
    for number in range(8):
        assert send(visitor, drop, {"a": str(number).encode()}, **ADA).status_code == 303
    assert len(mails_to(ADA["email"], posted_texts())) == 6


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("Ada Lovelace", 1, "Ada Lovelace"),
        ("Ada Lovelace", 2, "Ada Lovelace (2)"),
        ("Zoë O'Neil-Ünal", 1, "Zoë O'Neil-Ünal"),
        ("../../etc", 1, "etc"),
        (".git", 1, "git"),
        ("a/b\\c", 1, "a b c"),
        ("小明", 1, "小明"),
        ("???", 1, "Hand-in"),
        ("x" * 100, 1, "x" * 80),
    ],
)
def test_a_folder_is_called_as_the_person(name: str, number: int, expected: str) -> None:
    assert folder_name(name, number) == expected


def _end(*, minutes_ago: int) -> None:
    with transaction() as session:
        session.execute(update(DropOff).values(deadline=now() - timedelta(minutes=minutes_ago)))
