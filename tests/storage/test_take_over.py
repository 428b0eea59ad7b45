"""Taking a bucket over from another deployment."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.storage.current import ownership, store
from framework.storage.models import WAITING, Deployment
from framework.storage.ownership import lease
from framework.storage.ownership.refusals import (
    NotOwner,
    OwnedByAnother,
    OwnerAtRest,
    StillOwned,
    TakeOverUnderWay,
)
from tests.servers.application.owners import Owners
from tests.storage.owned import listed, owned, put, rest

__all__ = ["owned"]

pytestmark = pytest.mark.deployments("embedded", "production-like")


def test_who_takes_over_waits_as_long_as_the_owner_may_write(owned: Owners) -> None:
    ownership()._look_seconds = 1.5
    ownership().look(renew=True)
    heard: list[str] = []
    with owned.other():
        ownership().take_over(force=True, tell=heard.append)
    assert "3 seconds" in heard[0]


def test_a_living_owner_is_not_replaced_unless_asked_for(owned: Owners) -> None:
    def renew(_sentence: str) -> None:
        with owned.other():
            ownership().look(renew=True)

    before = listed()
    with owned.other(), pytest.raises(StillOwned, match="--take-over"):
        ownership().take_over(force=False, tell=renew)
    assert [key for key in listed() if "marks" not in key] == [key for key in before if "marks" not in key]
    put("new")


def test_an_owner_at_rest_is_replaced_only_if_that_is_asked_for(owned: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    rest(monkeypatch)
    before = listed()
    with owned.other():
        with pytest.raises(OwnerAtRest, match="--take-over"):
            ownership().take_over(force=False)
        assert listed() == before
        ownership().take_over(force=True)
        put("by the second")
    with pytest.raises(OwnedByAnother):
        put("new")


def test_an_owner_that_wakes_while_it_is_replaced_is_waited_for(owned: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mark is old, so that nobody can have permission, until it looks between the two looks of the other."""
    rest(monkeypatch)
    heard: list[str] = []
    with owned.other():
        monkeypatch.setattr(lease, "is_silent", wake(owned))
        ownership().take_over(force=True, tell=heard.append)
        found = listed()
    assert len(heard) == 1
    with pytest.raises(OwnedByAnother):
        put("new")
    assert listed() == found


def wake(owned: Owners) -> Callable[..., bool]:
    """Finds silence, as it is, and has the owner write before the other one says that it takes over."""

    def is_silent(*_given: object) -> bool:
        with owned.other():
            owned.start_anew()
            ownership().look(renew=True)
            put("awake")
        return True

    return is_silent


def test_a_silent_owner_is_replaced_and_stops(owned: Owners) -> None:
    heard: list[str] = []
    with owned.other():
        assert ownership().take_over(force=False, tell=heard.append)
        put("by the second")
    assert len(heard) == 1, "silence was waited for, and nothing afterwards"
    with pytest.raises(OwnedByAnother):
        put("new")


def test_a_living_owner_has_stopped_when_its_bucket_has_been_taken_over(owned: Owners) -> None:
    def write(_sentence: str) -> None:
        with owned.other(), suppress(NotOwner):
            put("before it noticed")

    with owned.other():
        assert ownership().take_over(force=True, tell=write)
        found = listed()
    with pytest.raises(OwnedByAnother):
        put("new")
    assert listed() == found, "the new owner has found all that was written until then"


@pytest.mark.long
def test_who_was_replaced_can_come_back(owned: Owners) -> None:
    with owned.other():
        ownership().take_over(force=True)
    ownership().take_over(force=True)
    put("again")
    with owned.other(), pytest.raises(OwnedByAnother):
        put("new")


def test_an_owner_has_nothing_to_take_over(owned: Owners) -> None:
    before = listed()
    assert not ownership().take_over(force=True)
    assert [key for key in listed() if "marks" not in key] == [key for key in before if "marks" not in key]


def test_nobody_is_waited_for_where_there_is_no_owner(owners: Owners) -> None:
    for key in listed():
        store().delete(key)
    heard: list[str] = []
    with owners.other():
        assert not ownership().take_over(force=False, tell=heard.append)
        put("new")
    assert heard == []


def test_a_take_over_that_was_interrupted_is_repeated(owned: Owners) -> None:
    def interrupt(_sentence: str) -> None:
        raise KeyboardInterrupt

    with owned.other():
        with pytest.raises(KeyboardInterrupt):
            ownership().take_over(force=True, tell=interrupt)
        with pytest.raises(TakeOverUnderWay, match="can still be read"):
            put("too early")
        with read_transaction() as session:
            assert session.scalars(select(Deployment.state)).one() == WAITING
        ownership().take_over(force=False)
        put("new")
