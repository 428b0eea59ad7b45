"""The whole audit log by the API of administrators."""

import pytest

from framework.accounts.core.account import Account
from framework.audit import reading
from framework.database.types import now
from tests.api.program import ROOT, Program


def test_the_log_is_read_by_person_kind_and_day(
    admins: Program, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alice", "bob"):
        admins.post(f"/admin/people/{name}/suspend", {"reason": "Films"})
    admins.call("POST", "/admin/people/alice/resume")
    monkeypatch.setattr(reading, "PAGE", 1)
    address = f"/admin/audit?person=alice@example.org&day={now():%Y-%m-%d}"
    newest = admins.get(address)
    [entry] = newest.json
    assert (entry["kind"], entry["actor"], entry["person"]) == ("resumed", "ada", "alice")
    assert entry["address"]
    [entry] = admins.get(newest.headers["Link"].partition(ROOT)[2].partition(">")[0]).json
    assert (entry["kind"], entry["details"]) == ("suspended", {"reason": "Films"})
    [entry] = admins.get("/admin/audit?kind=suspended").json
    assert entry["person"] == "bob"
    for nothing in ("person=nobody", "day=2000-01-01", "day=0001-01-01", "day=9999-12-31"):
        assert admins.get(f"/admin/audit?{nothing}").json == []


@pytest.mark.parametrize("query", ["kind=everything", "day=tomorrow", "before=x"])
def test_a_filter_that_is_none_is_refused(admins: Program, query: str) -> None:
    assert admins.get(f"/admin/audit?{query}").status_code == 400
