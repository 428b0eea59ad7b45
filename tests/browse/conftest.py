"""A project with two versions of a file and a bit of everything."""

import os
from collections.abc import Callable

import pytest

from framework.accounts.account import Account
from framework.projects.access import ProjectAccess
from tests.cast import Visitor
from tests.uploads.test_upload import upload

PHOTO = b"\x89PNG\r\n\x1a\n" + os.urandom(2 << 20)


@pytest.fixture
def reader(signed_in: Callable[[Account], Visitor], alice: Account, website: ProjectAccess) -> Visitor:
    """Alice's browser; her website has two versions."""
    visitor = signed_in(alice)
    page = "/alice/website/upload/main"
    contents = {
        "notes.txt": b"first\n",
        "docs/guide/intro.md": b"# Intro\n",
        "photo.png": PHOTO,
        "page.html": b"<script>alert(1)</script>",
        "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "empty": b"",
        "odd name & 100%.txt": b"odd",
    }
    upload(visitor, contents, page=page, message="First version")
    upload(visitor, {"notes.txt": b"second\n", "docs/new.txt": b"n"}, page=page, message="Second version")
    return visitor
