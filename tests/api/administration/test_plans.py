"""Plans by the API of administrators."""

import pytest

from framework.accounts.core.account import Account
from framework.accounts.core.plans import default_plan
from framework.accounts.lifecycle import administration, plan_editing
from tests.api.program import Program

LIMITS = {"stored_bytes": 1 << 30, "private_projects": 3, "file_bytes": None}


def test_a_plan_is_changed_and_reset(admins: Program, alice: Account) -> None:
    administration.give_plan("alice", "free")
    edited = admins.call("PUT", "/admin/plans/free", json=LIMITS).json
    assert edited == {"name": "free", **LIMITS, "is_default": False, "given_to_people": 1, "given_to_groups": 0}
    assert administration.read_plan_of("alice").plan.private_projects == 3
    assert [plan["name"] for plan in admins.get("/admin/plans").json] == ["free", "student", "unlimited"]
    assert admins.get("/admin/plans").json[0] == edited
    assert admins.call("DELETE", "/admin/plans/free").json["is_default"]
    assert plan_editing.list_plans()[0] == default_plan("free")


@pytest.mark.parametrize(
    "wrong",
    [{"stored_bytes": -1}, {"file_bytes": 1 << 50}, {"private_projects": 2.5}, {"more": 1}, {"file_bytes": "1"}],
)
def test_what_is_no_limit_is_refused(admins: Program, wrong: dict[str, object]) -> None:
    assert admins.call("PUT", "/admin/plans/student", json=LIMITS | wrong).status_code == 400
    assert plan_editing.list_plans()[1] == default_plan("student")


def test_a_limit_that_is_left_out_is_not_lifted(admins: Program) -> None:
    for name in LIMITS:
        rest = {other: value for other, value in LIMITS.items() if other != name}
        assert admins.call("PUT", "/admin/plans/free", json=rest).status_code == 400


def test_there_are_no_other_plans(admins: Program) -> None:
    assert admins.call("PUT", "/admin/plans/golden", json=LIMITS).status_code == 404
    assert admins.call("DELETE", "/admin/plans/golden").status_code == 404
