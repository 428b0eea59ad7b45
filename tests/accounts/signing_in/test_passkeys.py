"""Passkeys: added, shown alone and after the password, and refused where anything is not as it has to be."""

import json
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS
from framework.accounts.core.ways_in.reading import LastWayIn
from framework.accounts.factors.answers import PasskeyRefused, read_answer
from framework.accounts.factors.challenges import LASTS
from framework.accounts.factors.checking import read_ways
from framework.accounts.factors.passkeys import list_passkeys, remove_passkey
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.models import Passkey, SpentChallenge, User
from framework.accounts.signin.reauthentication import HOLDS
from framework.accounts.tasks import forget_challenges
from framework.audit.reading import AuditQuery, read_entries
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.accounts.signing_in.authenticator import PRESENT, VERIFIED, Authenticator, decode, encode
from tests.accounts.signing_in.steps import SECURITY, add_passkey, confirm, new_authenticator, read_codes, read_options
from tests.accounts.test_reauthentication import let_pass
from tests.cast import PASSWORD, SignIn, Visitor, csrf_token, on_each_deployment, posted_texts


def show_alone(visitor: Visitor, authenticator: Authenticator, **fields: str) -> Any:
    """Sign in with nothing but the passkey, as the page's script does."""
    page = visitor.get("/login").text
    answer = authenticator.get(read_options(page))
    return send(visitor, page, "/login/passkey", answer, **fields)


def send(visitor: Visitor, page: str, to: str, credential: str, **fields: str) -> Any:
    return visitor.client.post(to, data={**fields, "csrf_token": csrf_token(page), "credential": credential})


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/new").status_code == 200


@on_each_deployment
def test_a_passkey_is_the_only_sign_in(alice: Account, signed_in: SignIn, app: Flask) -> None:
    laptop = new_authenticator()
    assert len(read_codes(add_passkey(signed_in(alice), laptop).text)) == 10
    visitor = Visitor(app)
    assert show_alone(visitor, laptop, next="/new", remember="y").location == "/new"
    assert is_in(visitor)
    [listed] = list_passkeys(alice.id)
    assert listed.name == "Laptop"
    assert listed.last_used_at is not None
    assert any("was added to your account. It can be used to sign in." in text for text in posted_texts())
    assert "passkey_added" in [entry.kind for entry in read_entries(AuditQuery(person_id=alice.id)).entries]


@on_each_deployment
def test_a_passkey_is_the_second_step_and_the_password_alone_is_not_enough(
    alice: Account, signed_in: SignIn, app: Flask
) -> None:
    key = new_authenticator()
    add_passkey(signed_in(alice), key)
    visitor = Visitor(app)
    assert visitor.submit("/login", username="alice", password=PASSWORD, next="/new").location == "/login/second"
    page = visitor.get("/login/second").text
    key.flags = PRESENT  # a touch is enough after the password
    answer = key.get(read_options(page))
    assert send(visitor, page, "/login/second/passkey", answer).location == "/new"
    assert is_in(visitor)


def test_several_have_one_handle_and_codes_come_with_the_first(alice: Account, signed_in: SignIn) -> None:
    browser, first, second = signed_in(alice), new_authenticator(), new_authenticator()
    add_passkey(browser, first)
    assert add_passkey(browser, second, "Key ring").location == SECURITY
    assert first.handle == second.handle
    assert [each.name for each in list_passkeys(alice.id)] == ["Laptop", "Key ring"]
    page = browser.get(f"{SECURITY}/passkeys/add").text
    assert {each["id"] for each in read_options(page)["excludeCredentials"]} == {
        encode(first.credential_id),
        encode(second.credential_id),
    }


def test_first_passkeys_from_two_tabs_both_sign_in(alice: Account, signed_in: SignIn, app: Flask) -> None:
    browser, keys, to = signed_in(alice), [new_authenticator(), new_authenticator()], f"{SECURITY}/passkeys/add"
    confirm(browser)
    tabs = [browser.get(to).text for _key in keys]
    for key, tab in zip(keys, tabs, strict=True):
        assert send(browser, tab, to, key.create(read_options(tab)), name="Laptop").status_code in {200, 302}
    for key in keys:
        visitor = Visitor(app)
        assert show_alone(visitor, key, next="/new").location == "/new"


def test_the_same_credential_is_kept_once(alice: Account, bob: Account, signed_in: SignIn) -> None:
    key, thief = new_authenticator(), signed_in(bob)
    add_passkey(signed_in(alice), key)
    confirm(thief)
    page = thief.get(f"{SECURITY}/passkeys/add").text
    kept = key.credential_id
    made = json.loads(key.create(read_options(page)))
    forged = made["response"]["attestationObject"]
    made["response"]["attestationObject"] = encode(decode(forged).replace(key.credential_id, kept))
    made["id"] = made["rawId"] = encode(kept)
    answer = send(thief, page, f"{SECURITY}/passkeys/add", json.dumps(made), name="Mine")
    assert "This passkey was added before." in answer.text
    assert list_passkeys(bob.id) == []


WRONG: dict[str, dict[str, Any]] = {
    "made for another site": {"origin": "https://evil.example"},
    "made for another host": {"rp_id": "evil.example"},
    "without a finger, a face or a PIN": {"flags": PRESENT},
    "without anybody there": {"flags": VERIFIED},
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_refused_alone(alice: Account, signed_in: SignIn, app: Flask, what: str) -> None:
    key, visitor = new_authenticator(), Visitor(app)
    add_passkey(signed_in(alice), key)
    for name, value in WRONG[what].items():
        setattr(key, name, value)
    answer = show_alone(visitor, key)
    assert (answer.status_code, "This passkey was not accepted" in answer.text) == (400, True)
    assert not is_in(visitor)


@pytest.mark.parametrize("what", WRONG)
def test_it_is_not_added(alice: Account, signed_in: SignIn, what: str) -> None:
    assert add_passkey(signed_in(alice), new_authenticator(**WRONG[what])).status_code == 400
    assert list_passkeys(alice.id) == []


def test_another_key_or_another_person_is_refused(alice: Account, bob: Account, signed_in: SignIn, app: Flask) -> None:
    key, other, visitor = new_authenticator(), new_authenticator(), Visitor(app)
    add_passkey(signed_in(alice), key)
    add_passkey(signed_in(bob), other)
    forged = new_authenticator(credential_id=key.credential_id, handle=key.handle)
    assert show_alone(visitor, forged).status_code == 400
    swapped = new_authenticator(credential_id=key.credential_id, key=key.key, handle=other.handle)
    assert show_alone(visitor, swapped).status_code == 400
    unknown = new_authenticator(credential_id=b"nobody's", handle=key.handle)
    assert show_alone(visitor, unknown).status_code == 400
    visitor.submit("/login", username="alice", password=PASSWORD)
    page = visitor.get("/login/second").text
    assert send(visitor, page, "/login/second/passkey", other.get(read_options(page))).status_code == 400
    assert not is_in(visitor)


@on_each_deployment
def test_an_answer_works_once_and_in_its_own_session(alice: Account, signed_in: SignIn, app: Flask) -> None:
    key, owner, thief = new_authenticator(counts=False), Visitor(app), Visitor(app)
    add_passkey(signed_in(alice), key)
    page = owner.get("/login").text
    recorded = key.get(read_options(page))
    foreign = send(thief, thief.get("/login").text, "/login/passkey", recorded)
    assert (foreign.status_code, is_in(thief)) == (400, False)
    cookies = {name: owner.client.get_cookie(name) for name in ("session",)}
    assert send(owner, page, "/login/passkey", recorded).location == "/"
    again = Visitor(app)
    assert cookies["session"]
    again.client.set_cookie("session", cookies["session"].value)
    replayed = again.client.post("/login/passkey", data={"credential": recorded, "csrf_token": csrf_token(page)})
    assert (replayed.status_code, is_in(again)) == (400, False)


def test_a_challenge_for_one_purpose_is_none_for_another(alice: Account, signed_in: SignIn, app: Flask) -> None:
    key, visitor = new_authenticator(), Visitor(app)
    add_passkey(signed_in(alice), key)
    alone = key.get(read_options(visitor.get("/login").text))
    visitor.submit("/login", username="alice", password=PASSWORD)
    page = visitor.get("/login/second").text
    assert send(visitor, page, "/login/second/passkey", alone).status_code == 400


def test_a_counter_that_has_not_grown_is_a_copy(alice: Account, signed_in: SignIn, app: Flask) -> None:
    key = new_authenticator()
    add_passkey(signed_in(alice), key)
    assert show_alone(Visitor(app), key).location == "/"
    key.count -= 1
    assert show_alone(Visitor(app), key).status_code == 400


def test_somebody_suspended_is_told_so_and_not_let_in(alice: Account, signed_in: SignIn, app: Flask) -> None:
    key, visitor = new_authenticator(), Visitor(app)
    add_passkey(signed_in(alice), key)
    suspend("alice")
    answer = show_alone(visitor, key)
    assert (answer.status_code, "is suspended" in answer.text) == (403, True)


def test_answers_of_strangers_have_a_budget(alice: Account, signed_in: SignIn, app: Flask) -> None:
    key, visitor = new_authenticator(), Visitor(app)
    add_passkey(signed_in(alice), key)
    page = visitor.get("/login").text
    for _ in range(LIMITS["network"].most):
        send(visitor, page, "/login/passkey", "{}")
    assert show_alone(visitor, key).status_code == 429


def test_it_stands_in_for_the_password_where_that_is_asked_again(alice: Account, signed_in: SignIn) -> None:
    key, browser = new_authenticator(), signed_in(alice)
    add_passkey(browser, key)
    let_pass(HOLDS)
    asked = browser.submit(SECURITY, to=f"{SECURITY}/codes")
    assert asked.status_code == 403
    given = {"csrf_token": csrf_token(asked.text), "current_passkey": key.get(read_options(asked.text))}
    assert len(read_codes(browser.client.post(f"{SECURITY}/codes", data=given).text)) == 10


def test_the_last_way_in_is_kept(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    add_passkey(browser, new_authenticator())
    add_passkey(browser, new_authenticator(), "Key ring")
    with transaction() as session:
        session.execute(update(User).where(User.id == alice.id).values(password_hash=None))
    first, second = list_passkeys(alice.id)
    assert browser.submit(SECURITY, to=f"{SECURITY}/passkeys/{first.id}/remove").location == SECURITY
    with pytest.raises(LastWayIn):
        remove_passkey(alice.id, second.id)
    assert read_ways(alice.id).passkeys == 1
    assert any("no longer opens your account" in text for text in posted_texts())


def test_nobody_removes_the_passkey_of_somebody_else(alice: Account, bob: Account, signed_in: SignIn) -> None:
    add_passkey(signed_in(alice), new_authenticator())
    thief, [mine] = signed_in(bob), list_passkeys(alice.id)
    confirm(thief)
    assert thief.submit(SECURITY, to=f"{SECURITY}/passkeys/{mine.id}/remove").status_code == 404
    assert read_ways(alice.id).passkeys == 1


def test_spent_challenges_are_forgotten(alice: Account, signed_in: SignIn) -> None:
    add_passkey(signed_in(alice), new_authenticator())
    assert forget_challenges() == 0
    with transaction() as session:
        session.execute(update(SpentChallenge).values(spent_at=now() - 3 * LASTS))
    assert forget_challenges() == 1
    with read_transaction() as session:
        assert len(session.scalars(select(Passkey)).all()) == 1


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.sampled_from(["id", "response", "clientDataJSON"]), some),
)


@given(DOCUMENTS)
def test_whatever_is_sent_is_refused(document: Any) -> None:
    with pytest.raises(PasskeyRefused):
        read_answer(json.dumps(document))
