"""What strangers are told when their hand-in has no room, and what takes it."""

import pytest

from framework.accounts.core.account import Account
from framework.accounts.models import PlanLimits
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess
from tests.cast import Visitor
from tests.links.conftest import ADA, make_drop, path_of, send
from tests.uploads.form import paths


@pytest.mark.parametrize("plan", [{"stored_bytes": 10}, {"file_bytes": 10}])
def test_a_stranger_is_not_told_of_the_owners_plan(
    visitor: Visitor, secret: ProjectAccess, drop: str, plan: dict[str, int]
) -> None:
    with transaction() as session:
        session.add(PlanLimits(name="free", **plan))
    answer = send(visitor, drop, {"essay.txt": bytes(1000)}, **ADA)
    assert answer.status_code == 413
    assert "There is no room for these files where they are collected" in answer.text
    assert "settings/usage" not in answer.text
    assert not paths(secret)


def test_names_count_as_contents_do(visitor: Visitor, alice: Account, secret: ProjectAccess) -> None:
    page = path_of(make_drop(alice, secret, max_total_bytes=1000))
    assert send(visitor, page, {"a" * 200: b"", "b" * 200: b""}, **ADA).status_code == 303
    refused = send(visitor, page, {"c": b""}, **ADA)
    assert (refused.status_code, "This drop-off is full" in refused.text) == (409, True)
    assert paths(secret, "essays") == {"essays/Ada Lovelace"}


def test_a_path_may_have_500_bytes(visitor: Visitor, drop: str, secret: ProjectAccess) -> None:
    long = "/".join(["é" * 50] * 5)
    refused = send(visitor, drop, {long: b"1"}, **ADA)
    assert (refused.status_code, "is too long" in refused.text) == (400, True)
    assert not paths(secret)
