"""A bucket that this database owns."""

import pytest

from framework.storage.current import store
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
