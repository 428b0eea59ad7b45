"""Two drop-off links of one project into one place."""

from typing import Any

import pytest

from framework.accounts.core.account import Account
from framework.database.types import now
from framework.links.drop import handing_in
from framework.links.drop.drop_offs import open_drop_off
from framework.links.drop.handing_in import Delivery
from framework.links.drop.receipts import HandedIn
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.scratch import scratch
from framework.repositories.write.operations import Delete, Written
from framework.uploads.changing import Changes, store_changes, store_contribution
from tests.links.conftest import ADA, make_drop, path_of
from tests.uploads.conftest import received
from tests.uploads.form import paths


def test_who_hands_in_by_both_at_one_moment_overwrites_nothing(
    alice: Account, drop: str, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, store = path_of(make_drop(alice, secret)), store_contribution
    sent: list[HandedIn] = []

    def store_later(*args: Any, **more: Any) -> Written:
        monkeypatch.setattr(handing_in, "store_contribution", store)
        sent.append(_hand_in(second, "essay.txt"))
        return store(*args, **more)

    monkeypatch.setattr(handing_in, "store_contribution", store_later)
    assert _hand_in(drop, "other.txt").folder == "Ada Lovelace (2)"
    assert [one.folder for one in sent] == ["Ada Lovelace"]
    assert paths(secret, "essays/Ada Lovelace") == {"essays/Ada Lovelace/essay.txt"}


def test_a_folder_stays_taken_for_the_other_link_when_its_files_are_deleted(
    alice: Account, drop: str, secret: ProjectAccess
) -> None:
    _hand_in(drop, "essay.txt")
    store_changes(secret, alice, Changes([Delete("essays")], "main", "Tidy up"))
    assert _hand_in(path_of(make_drop(alice, secret)), "essay.txt").folder == "Ada Lovelace (2)"


def _hand_in(page: str, name: str) -> HandedIn:
    with scratch("test") as folder:
        delivery = Delivery(ADA["name"], ADA["email"], [(name, received(folder, b"Engines"))], now())
        return handing_in.hand_in(open_drop_off(page.rpartition("/")[2]), delivery)
