"""A project's part of the audit log by the API."""

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.audit import reading
from tests.api.program import ROOT, Program

AUDIT = "/projects/alice/secret/audit"


def test_owners_read_what_the_log_tells_of_a_project(
    app: Flask, program: Program, bobs: Program, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 1)
    person = program.post("/projects/alice/secret/people", {"person": "bob", "role": "maintainer"}).json["id"]
    assert bobs.get(AUDIT).status_code == 403
    program.call("PATCH", f"/projects/alice/secret/people/{person}", json={"role": "owner"})
    newest = bobs.get(AUDIT)
    (entry,) = newest.json
    assert (entry["actor"], entry["who"], entry["details"]["role"], entry["address"]) == ("alice", "bob", "owner", None)
    older = newest.headers["Link"].partition(">")[0].partition(ROOT)[2]
    (entry,) = program.get(older).json
    assert (entry["kind"], entry["who"]) == ("person_added", "bob")
    assert entry["address"]
    assert Program.of(app, alice, "write").get(AUDIT).status_code == 403
