"""Drop-off links, and strangers who hand in by them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.database.types import now
from framework.links.owning import MadeLink, make_drop_off
from framework.links.rules import WantedDropOff
from framework.projects.core.access import ProjectAccess
from tests.cast import Visitor, csrf_token
from tests.uploads.form import files, post

ADA = {"name": "Ada Lovelace", "email": "ada@example.com"}


def path_of(link: MadeLink) -> str:
    """The link's address below the site's own."""
    return urlsplit(link.url).path


def make_drop(alice: Account, project: ProjectAccess, **more: Any) -> MadeLink:
    """A link of Alice's into the folder `essays`, open for a day."""
    facts = {"title": "Essay 1", "folder": "essays", "deadline": now() + timedelta(days=1), **more}
    return make_drop_off(alice, project, WantedDropOff(**facts))


def send(visitor: Visitor, page: str, contents: Mapping[str, bytes], **fields: str) -> TestResponse:
    """Hand these files in by the page's form, as a browser without JavaScript does."""
    return post(visitor, page, files(contents), csrf_token=csrf_token(visitor.get(page).text), **fields)


def mails_to(address: str, texts: list[str]) -> list[str]:
    """The mails to this address among what waits in the outbox."""
    return [text for text in texts if f'"{address}"' in text]


def personal_link(mail: str) -> str:
    """The path of the link in a receipt."""
    found = re.search(r"/drop/mine/[\w.-]+", mail)
    assert found
    return found[0]


@pytest.fixture
def drop(alice: Account, secret: ProjectAccess) -> str:
    """The path of a drop-off link into a folder of Alice's private project."""
    return path_of(make_drop(alice, secret))
