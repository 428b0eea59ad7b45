"""One bucket, one database: who owns it writes, who does not says so, and a take-over loses nothing."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import delete, select

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import HoldfastError, Unavailable
from framework.storage.contract import ObjectMissing
from framework.storage.counting import requests
from framework.storage.current import ownership, store
from framework.storage.models import Deployment
from framework.storage.ownership import claims
from framework.storage.ownership.refusals import (
    BucketInUse,
    NotOwner,
    OwnedByAnother,
    OwnerMissing,
    StillOwned,
    WrittenByACopy,
)
from tests.servers.application.owners import Owners
from tests.storage.conftest import hex_of
from tests.storage.owned import listed, owned, put, rest

__all__ = ["owned"]

pytestmark = pytest.mark.deployments("embedded", "production-like")

WRITES: dict[str, Callable[[], object]] = {
    "put": lambda: put("new"),
    "delete": lambda: store().delete("repos/there"),
    "change of class": lambda: store().change_class("repos/there", "STANDARD_IA", sha256=hex_of(b"there")),
    "presigned put": lambda: store().presign_put("repos/new", 60, size_bytes=3),
}


def test_the_first_who_writes_owns_the_bucket_and_leaves_a_mark(owned: Owners) -> None:
    token, mark, thing = listed()
    assert token.startswith("deployment/0000000001-")
    assert mark.startswith("deployment/marks/0000000001/")
    assert thing == "repos/there"
    with read_transaction() as session:
        identity = session.scalars(select(Deployment.identity)).one()
    assert json.loads(store().read(token))["deployment"] == identity


def test_processes_of_one_database_own_it_together(owned: Owners) -> None:
    owned.start_anew()
    put("another")
    assert [key for key in listed() if key.startswith("deployment/")] == listed()[:2]


@pytest.mark.usefixtures("settings")
def test_a_look_lasts_for_a_while() -> None:
    with requests() as asked:
        for _ in range(3):
            put("new")
    assert asked.operations == ["put"] * 3


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_another_database_writes_nothing_and_can_read(owned: Owners, write: Callable[[], object]) -> None:
    before = listed()
    with owned.other():
        with pytest.raises(OwnedByAnother, match="can still be read") as refusal:
            write()
        assert "--take-over" in refusal.value.reason
        assert store().read("repos/there") == b"there"
        assert listed() == before


def test_a_refusal_is_an_alarm_once(owned: Owners, caplog: pytest.LogCaptureFixture) -> None:
    with owned.other(), caplog.at_level(logging.CRITICAL):
        for _ in range(3):
            with pytest.raises(NotOwner):
                put("new")
    [alarm] = [record for record in caplog.records if "ALARM" in record.message]
    assert "belongs to another deployment" in alarm.message


def test_an_empty_database_does_not_take_a_bucket_from_before_there_were_owners(owned: Owners) -> None:
    for key in listed()[:2]:
        store().delete(key)
    with owned.other(), pytest.raises(BucketInUse) as refusal:
        put("new")
    assert "flask storage rebuild" in refusal.value.reason
    assert listed() == ["repos/there"]


def test_a_database_that_owned_another_bucket_does_not_take_an_empty_one(owned: Owners) -> None:
    for key in listed():
        store().delete(key)
    owned.start_anew()
    with pytest.raises(OwnerMissing) as refusal:
        put("new")
    assert "S3_BUCKET" in refusal.value.reason
    assert listed() == []


def test_who_looks_after_a_copy_has_renewed_the_mark_stops(owned: Owners) -> None:
    owned.copy_database()
    with owned.other():
        ownership().look(renew=True)
        put("by the copy")
    owned.start_anew()
    with pytest.raises(WrittenByACopy) as refusal:
        put("new")
    assert "copy of this database" in refusal.value.reason


def test_marks_of_ones_own_are_no_alarm_however_many(owned: Owners) -> None:
    for _ in range(40):
        ownership().look(renew=True)
    assert len([key for key in listed() if key.startswith("deployment/marks/")]) == 1


def test_the_mark_is_renewed_while_the_bucket_is_used(owned: Owners) -> None:
    before = listed()
    ownership().renew_unless_resting()
    assert listed()[1] != before[1]


def test_a_deployment_at_rest_asks_nothing_of_the_store_until_somebody_writes(
    owned: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(monkeypatch)
    with requests() as asked:
        for _minute in range(3):
            ownership().renew_unless_resting()
    assert asked.operations == []
    sleep(0.6)  # until the mark is too old for a look
    owned.start_anew()
    put("by somebody")
    assert not any(json.loads(store().read(key)).get("rests") for key in listed() if "marks" in key)
    with requests() as asked:
        ownership().renew_unless_resting()
    assert "put" in asked.operations


def test_who_wakes_after_a_copy_of_the_database_has_written_stops(
    owned: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(monkeypatch)
    owned.copy_database()
    with owned.other():
        ownership().look(renew=True)
        put("by the copy")
    ownership().renew_unless_resting()
    owned.start_anew()
    with pytest.raises(WrittenByACopy):
        put("new")


def test_a_mark_that_could_not_be_deleted_is_no_alarm(owned: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as kept:
        kept.setattr(store(), "_delete", lambda _key: None)
        for _ in range(40):
            ownership().look(renew=True)
    ownership().look()
    put("new")


def test_of_two_who_claim_the_bucket_at_once_none_believes_to_be_alone(
    owners: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one has found nobody, and stores its claim after the first has become the owner."""
    for key in listed():
        store().delete(key)
    with transaction() as session:
        session.execute(delete(Deployment))
    with owners.other():
        real = store()._put

        def let_the_other_be_first(key: str, source: object, sha256: str) -> None:
            monkeypatch.setattr(store(), "_put", real)
            with owners.other():
                owners.start_anew()
                put("by the first")
            real(key, source, sha256)  # type: ignore[arg-type]

        monkeypatch.setattr(store(), "_put", let_the_other_be_first)
        owners.start_anew()
        with pytest.raises(OwnedByAnother):
            put("by the second")
    owners.start_anew()
    put("by the first again")


def test_a_store_that_is_away_is_no_refusal(owned: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_prefix: str, _after: str) -> object:
        raise ObjectMissing("away")

    owned.start_anew()
    monkeypatch.setattr(store(), "_list", away)
    with pytest.raises(HoldfastError) as failure:
        put("new")
    assert not isinstance(failure.value, NotOwner)


def test_a_thread_that_is_told_to_end_while_it_looks_ends_no_other(
    owned: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned.start_anew()
    others, writes = ThreadPoolExecutor(1), list[Future[None]]()

    def look() -> None:
        writes.append(others.submit(put, "new"))
        looking = ownership()._looking
        while looking is not None and not looking._condition._waiters:  # type: ignore[attr-defined]
            sleep(0.01)
        raise SystemExit

    monkeypatch.setattr(ownership(), "look", look)
    with others, pytest.raises(SystemExit):
        put("new")
    with pytest.raises(Unavailable, match="try again"):
        writes[0].result()


def test_a_bucket_that_lost_its_owner_is_waited_for_when_it_holds_projects(owned: Owners) -> None:
    """Whoever owned it may be at work and have permission left; what it writes would be found by nobody."""
    ownership().look(renew=True)
    for key in listed():
        if key.startswith("deployment/"):
            store().delete(key)
    with owned.other():
        ownership().take_over(force=False)
    with pytest.raises(NotOwner):
        put("by the former owner")


def test_marks_of_an_owner_whose_claim_is_gone_are_not_taken_for_ones_own(owned: Owners) -> None:
    store().delete(listed()[0])
    with owned.other():
        ownership().take_over(force=True)
        put("by the second")


def test_a_clock_that_is_wrong_makes_no_living_owner_silent(owned: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    def renew(_sentence: str) -> None:
        with owned.other():
            ownership().look(renew=True)

    ownership().look(renew=True)
    before = [key for key in listed() if "marks" not in key]
    monkeypatch.setattr(claims, "now", lambda: now() + timedelta(hours=1))
    with owned.other(), pytest.raises(StillOwned):
        ownership().take_over(force=False, tell=renew)
    assert [key for key in listed() if "marks" not in key] == before, "nothing is left of the look at the clock"


def test_a_mark_of_a_machine_whose_clock_is_ahead_is_not_fresh_for_longer(
    owned: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as ahead:
        ahead.setattr(claims, "now", lambda: now() + timedelta(minutes=10))
        ownership().look(renew=True)
    [before] = [key for key in listed() if "marks" in key]
    sleep(0.6)  # more than half of the second that a look permits here
    owned.start_anew()
    put("new")
    assert before not in listed(), "another process has renewed it"
