"""A bucket that this database owns."""

from datetime import timedelta

import pytest

from framework.storage.current import ownership, store
from framework.storage.ownership import claims
from tests.servers.application.owners import Owners
from tests.storage.conftest import hex_of


def put(name: str) -> None:
    name = name.replace(" ", "-")
    store().put(f"repos/{name}", name.encode(), sha256=hex_of(name.encode()))


def listed() -> list[str]:
    return [entry.key for entry in store().list("")]


@pytest.fixture
def owned(owners: Owners) -> Owners:
    """The first database owns the bucket and has stored something there."""
    put("there")
    return owners


def rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a deployment that nobody has used for long enough, and that has said so."""
    with monkeypatch.context() as at_once:
        at_once.setattr(claims, "RESTS_AFTER", timedelta(0))
        ownership().renew_unless_resting()
