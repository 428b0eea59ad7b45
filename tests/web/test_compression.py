"""What is compressed and what never is, and answers that are asked for again."""

import gzip

import brotli
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.api.program import Program
from tests.cast import SignIn, Visitor
from tests.uploads.form import upload


def ask(app: Flask, address: str, encoding: str = "gzip, deflate, br", **headers: str) -> TestResponse:
    """The answer to a visitor's browser."""
    return app.test_client().get(address, headers={"Accept-Encoding": encoding, **headers}, buffered=True)


def plain(answer: TestResponse) -> bytes:
    """The body as it was before it was compressed."""
    encoding = answer.headers.get("Content-Encoding", "")
    return bytes({"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding, bytes)(answer.data))


@pytest.mark.parametrize("address", ["/static/base.css", "/static/app.js", "/static/icons.svg", "/explore", "/"])
@pytest.mark.parametrize(("asked", "given"), [("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0, gzip", "gzip")])
def test_files_and_pages_for_everybody_are_compressed(app: Flask, address: str, asked: str, given: str) -> None:
    whole = ask(app, address, "identity")
    answer = ask(app, address, asked)
    assert answer.headers["Content-Encoding"] == given
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert plain(answer) == whole.data
    assert len(answer.data) < len(whole.data)
    assert len(answer.data) == answer.content_length
    assert "Content-Encoding" not in whole.headers


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
@pytest.mark.parametrize("address", ["/static/base.css", "/explore"])
def test_an_answer_that_the_browser_has_is_not_sent_again(app: Flask, address: str, encoding: str) -> None:
    first = ask(app, address, encoding)
    again = ask(app, address, encoding, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert ask(app, address, encoding, **{"If-None-Match": '"other"'}).status_code == 200


def test_encodings_of_a_file_have_validators_of_their_own(app: Flask) -> None:
    tags = {ask(app, "/static/base.css", encoding).headers["ETag"] for encoding in ("identity", "gzip", "br")}
    assert len(tags) == 3


def test_a_part_of_a_file_is_sent_as_it_is(app: Flask) -> None:
    answer = ask(app, "/static/base.css", Range="bytes=0-99")
    assert (answer.status_code, len(answer.data), answer.headers.get("Content-Encoding")) == (206, 100, None)


def test_a_page_with_a_secret_is_not_compressed(
    app: Flask, alice: Account, website: ProjectAccess, signed_in: SignIn, visitor: Visitor
) -> None:
    browser = signed_in(alice)
    for address in ("/explore?q=guess", "/alice/website", "/settings/tokens", "/static/../explore"):
        assert "Content-Encoding" not in browser.get(address, **{"Accept-Encoding": "gzip"}).headers
    for address in ("/login?next=/guess", "/signup", "/forgot"):  # a form's token beside what the address says
        assert "Content-Encoding" not in ask(app, address).headers
    visitor.get("/login")  # from now on the visitor has a session
    assert "Content-Encoding" not in visitor.get("/explore?q=guess", **{"Accept-Encoding": "gzip"}).headers
    told = Program.of(app, alice).get("/projects?q=guess", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in told.headers


def test_the_page_of_what_may_not_be_seen_is_that_of_what_is_missing(app: Flask, secret: ProjectAccess) -> None:
    hidden, missing = ask(app, "/alice/secret"), ask(app, "/alice/nothing")
    assert hidden.data == missing.data
    assert "Content-Encoding" not in hidden.headers


def test_a_public_file_comes_as_it_is(app: Flask, alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    content = b"line\n" * 1000
    upload(signed_in(alice), {"a.txt": content, "b.zip": content}, page="/alice/website/upload/main")
    for name in ("a.txt", "b.zip"):
        assert ask(app, f"/alice/website/raw/main/{name}").data == content
    page = ask(app, "/alice/website/blob/main/a.txt")
    assert page.headers["Content-Encoding"] == "br"
    assert plain(page).count(b"line") >= 1000
