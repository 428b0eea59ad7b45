"""An administrator's invitation: its link lets one address sign up, whatever `SIGNUP` says, and confirms it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import account_invitations, invitations
from framework.accounts.lifecycle.account_invitations import (
    HasAccount,
    invite_to_sign_up,
    list_invitations,
    withdraw_invitation,
)
from framework.accounts.models import AccountInvitation, User
from framework.audit.models import AuditEntry
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.cast import PASSWORD, SignIn, Visitor, on_each_deployment, posted_texts

ANNA = "anna@example.org"


def link_in_invitation() -> str:
    """The path of the newest link by which somebody can sign up."""
    found = [match for text in posted_texts() for match in re.findall(r"/signup\?invitation=[\w.-]+", text)]
    return str(found[-1])


@pytest.mark.parametrize("signup", ["open", "invited", "closed", "domains"])
def test_the_link_lets_its_address_sign_up_and_confirms_it(
    signup: str, visitor: Visitor, ada: Account, with_settings: Callable[..., Config]
) -> None:
    with_settings(signup=signup, signup_domains=("uni.example",))
    invite_to_sign_up(ANNA, by=ada)
    path = link_in_invitation()
    fields = {"username": "anna", "email": ANNA, "password": PASSWORD, "full_name": "Anna Ånström"}
    page = visitor.get(path).text
    assert 'value="anna@example.org"' in page
    invitation = re.search(r'name="invitation"[^>]*value="([^"]+)"', page)
    assert invitation
    assert visitor.submit(path, to="/signup", **fields, invitation=invitation[1]).status_code == 302
    with read_transaction() as session:
        anna = session.scalars(select(User).where(User.name_key == "anna")).one()
    assert anna.email_verified_at is not None
    assert anna.full_name == "Anna Ånström"
    assert list_invitations() == []


@pytest.mark.parametrize("signup", ["closed", "domains"])
def test_the_address_alone_opens_nothing(signup: str, visitor: Visitor, with_settings: Callable[..., Config]) -> None:
    with_settings(signup=signup, signup_domains=("uni.example",))
    invite_to_sign_up(ANNA)
    invite_to_sign_up("other@example.org")
    others = link_in_invitation()
    token = others.partition("invitation=")[2]
    for invitation in ("", "forged", token):
        fields = {"username": "anna", "email": ANNA, "password": PASSWORD, "invitation": invitation}
        answer = visitor.submit(f"/signup?invitation={invitation or 'x'}", to="/signup", **fields)
        assert answer.status_code == 403


def test_an_invitation_is_replaced_and_ends(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., Config]
) -> None:
    with_settings(signup="closed")
    invite_to_sign_up(ANNA)
    first = link_in_invitation()
    invite_to_sign_up("ANNA@example.org")
    fields = {"username": "anna", "email": ANNA, "password": PASSWORD}
    earlier = {"invitation": first.partition("invitation=")[2]}
    assert visitor.submit(first, to="/signup", **fields, **earlier).status_code == 403
    assert len(list_invitations()) == 1
    for module in (account_invitations, invitations):
        monkeypatch.setattr(module, "now", lambda: now() + timedelta(days=15))
    assert list_invitations() == []
    newest = link_in_invitation()
    late = {"invitation": newest.partition("invitation=")[2]}
    assert visitor.submit(newest, to="/signup", **fields, **late).status_code == 403
    assert invitations.forget_expired(AccountInvitation) == 1


@on_each_deployment
def test_whoever_has_an_account_is_not_invited(alice: Account) -> None:
    with pytest.raises(HasAccount, match="already has an account: alice"):
        invite_to_sign_up("Alice@Example.org")


def test_administrators_invite_in_the_browser(ada: Account, signed_in: SignIn) -> None:
    browser = signed_in(ada)
    assert "Invite somebody" in browser.get("/admin/people").text
    page = "/admin/people/invitations"
    assert "not an e-mail address" in browser.submit(page, email="anna").text
    assert browser.submit(page, email=ANNA).status_code == 302
    assert ANNA in browser.get(page).text
    kept = list_invitations()[0]
    assert kept.by == "ada"
    assert browser.submit(page, to=f"{page}/{kept.id}/withdraw").status_code == 302
    assert list_invitations() == []
    assert browser.submit(page, to=f"{page}/{kept.id}/withdraw").status_code == 302


@pytest.mark.deployments("production-like")
def test_an_address_that_is_invited_twice_at_once_has_the_newer_invitation(ada: Account) -> None:
    with ThreadPoolExecutor(1) as other, transaction() as session:
        first = {"email": ANNA, "email_key": ANNA, "created_at": now(), "expires_at": now()}
        session.add(AccountInvitation(**first))
        session.flush()
        second = other.submit(invite_to_sign_up, ANNA, by=ada)
        while not session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))):
            assert not second.done()
        session.commit()
        second.result()
    assert [(each.email, each.by) for each in list_invitations()] == [(ANNA, "ada")]


def test_the_log_tells_who_took_an_invitation_back(ada: Account) -> None:
    invite_to_sign_up(ANNA, by=ada)
    [kept] = list_invitations()
    for _repeated in range(2):
        withdraw_invitation(kept.id, by=ada)
    with read_transaction() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.kind == "account_invitation_withdrawn")).all()
    assert [(entry.actor, entry.details) for entry in told] == [("ada", {"email": ANNA})]
