"""What a group's projects hold counts for the group: its owners are warned, and a refusal names a page of theirs."""

import os
from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.accounts.models import GroupMember, PlanLimits
from framework.celery.models import OutboxRow
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.groups.access import GroupAccess
from framework.groups.operations import create_group
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.limits import TooManyPrivateProjects
from tests.api.program import Program
from tests.cast import SignIn, new_account, on_each_deployment
from tests.uploads.form import upload


@pytest.fixture
def lab(alice: Account, bob: Account, with_settings: Callable[..., Config]) -> GroupAccess:
    """The group `lab`, which may store 3 MB: Alice owns it, Bob is a member; its project is `lab/results`."""
    with_settings(quota_bytes=3_000_000)
    group = create_group(alice, name="lab", title="The lab")
    let_in(group, bob, role="member")
    create_project(alice, name="results", description="", visibility="private", owner="lab")
    return group


def let_in(group: GroupAccess, account: Account, *, role: str) -> None:
    """Have this account be in the group."""
    with transaction() as session:
        session.add(GroupMember(group_id=group.id, user_id=account.id, role=role))


@on_each_deployment
def test_a_member_who_fills_it_is_told_what_its_owners_can_do(
    lab: GroupAccess, alice: Account, bob: Account, charlie: Account, signed_in: SignIn
) -> None:
    let_in(lab, charlie, role="owner")
    let_in(lab, new_account("zoe", confirmed=False), role="owner")
    let_in(lab, new_account("eve"), role="owner")
    administration.suspend("eve")
    browser, page = signed_in(bob), "/lab/results/upload/main"
    assert upload(browser, {"a.bin": os.urandom(2_500_000)}, page=page).status_code == 303
    with read_transaction() as session:
        mails = session.scalars(select(OutboxRow).where(OutboxRow.id.like("quota-%"))).all()
    assert {mail.args[0] for mail in mails} == {"alice@example.org", "charlie@example.org"}
    assert all("/lab/settings/usage" in mail.args[2] for mail in mails)
    refused = upload(browser, {"b.bin": os.urandom(1_000_000)}, page=page)
    said = unescape(refused.text)
    assert refused.status_code == 413
    assert "Owners of lab can free room at once" in said
    assert "for another plan: http://localhost/lab/settings/usage" in said
    assert "<strong>2.4 MiB</strong> of 2.9 MiB used" in browser.get("/lab/settings/usage").text
    administration.give_plan("lab", "unlimited")
    told = Program.of(browser.client.application, alice).get("/groups/lab/usage").json
    assert (told["plan"], told["allowed_bytes"]) == ("unlimited", None)
    assert [(one["owner"], one["name"], one["trashed"]) for one in told["projects"]] == [("lab", "results", False)]
    assert told["used_bytes"] == told["projects"][0]["bytes"] > 2_500_000
    assert upload(browser, {"b.bin": os.urandom(1_000_000)}, page=page).status_code == 303


@pytest.mark.usefixtures("lab")
def test_private_projects_of_a_group_count_for_it_alone(alice: Account) -> None:
    with transaction() as session:
        session.add(PlanLimits(name="free", stored_bytes=None, private_projects=1, file_bytes=None))
    with pytest.raises(TooManyPrivateProjects, match="/lab/settings/usage"):
        create_project(alice, name="more", description="", visibility="private", owner="lab")
    create_project(alice, name="own", description="", visibility="private")
    with pytest.raises(TooManyPrivateProjects, match="localhost/settings/usage"):
        create_project(alice, name="more", description="", visibility="private")
