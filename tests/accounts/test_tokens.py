"""What a token looks like, and what each scope includes."""

import pytest

from framework.accounts.core.account import Account
from framework.accounts.core.credentials import digest
from framework.accounts.models import Token
from framework.accounts.signin.tokens import (
    PATTERN,
    InvalidScopes,
    caller_of_token,
    create_token,
    is_well_formed,
    new_text,
    tokens_of,
)
from framework.database.session import transaction

EARLIER = "hf_" + "a-b_" * 10 + "xyz"


def test_a_token_is_known_by_its_form_and_checksum() -> None:
    text = new_text()
    assert is_well_formed(text)
    assert PATTERN.findall(f'token = "{text}"\n'.encode()) == [text.encode()]
    for wrong in (text[:-1], text + "a", text[:-1] + chr(ord(text[-1]) ^ 1), text.swapcase(), "holdfast_", ""):
        assert not is_well_formed(wrong), wrong


def test_one_of_an_earlier_release_goes_on_working(alice: Account) -> None:
    with transaction() as session:
        session.add(Token(user_id=alice.id, name="old", digest=digest(EARLIER), scopes="read write"))
    caller = caller_of_token(EARLIER)
    assert caller
    assert caller.account == alice
    assert caller.scopes == {"read", "write"}
    assert caller_of_token(EARLIER[:-1] + "0") is None


@pytest.mark.parametrize(
    ("scopes", "kept"),
    [
        (["read"], ("read",)),
        (["write"], ("read", "write")),
        (["admin"], ("read", "write", "admin")),
        (["read", "admin"], ("read", "write", "admin")),
    ],
)
def test_a_scope_includes_those_before_it(alice: Account, scopes: list[str], kept: tuple[str, ...]) -> None:
    caller = caller_of_token(create_token(alice.id, "t", scopes))
    assert caller
    assert caller.scopes == set(kept)
    assert [token.scopes for token in tokens_of(alice.id)] == [kept]


@pytest.mark.parametrize("scopes", [[], ["owner"], ["read", "owner"]])
def test_there_are_no_other_scopes(alice: Account, scopes: list[str]) -> None:
    with pytest.raises(InvalidScopes):
        create_token(alice.id, "t", scopes)
