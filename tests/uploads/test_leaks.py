"""A file that holds an access token of ours which works is refused, and the token's owner is told."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.accounts.models import Token
from framework.accounts.signin.token_leaks import TokenInFile, refuse_tokens, tokens_in
from framework.accounts.signin.tokens import create_token, new_text, revoke_token, tokens_of
from framework.database.session import transaction
from framework.database.types import now
from framework.files import find_all
from framework.projects.core.access import ProjectAccess
from tests.accounts.test_tokens import EARLIER
from tests.api.program import Program
from tests.cast import SignIn, posted_texts
from tests.uploads.form import PAGE, upload

NOISE = bytes(range(256)) * 8192


def told() -> list[str]:
    """The mails about tokens that were in files."""
    return [text for text in posted_texts() if "One of your access tokens was in a file" in text]


@pytest.mark.parametrize("content", ["TOKEN={}", "{}", '"{}"\r\n', "https://alice:{}@forge.example.org/x.git"])
def test_a_file_with_a_living_token_is_refused(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn, content: str
) -> None:
    text = create_token(bob.id, "laptop", ["read"])
    answer = upload(signed_in(alice), {"a.txt": b"1", "deploy.sh": NOISE + content.format(text).encode()}, page=PAGE)
    assert answer.status_code == 400
    assert "“deploy.sh” contains an access token of this server that works" in answer.text
    assert "laptop" not in answer.text, "whose it is, is told to nobody else"
    [mail] = told()
    assert "bob@example.org" in mail
    assert "laptop" in mail
    assert text not in mail
    [token] = tokens_of(bob.id)
    revoke_token(bob.id, token.id)
    assert upload(signed_in(alice), {"deploy.sh": content.format(text).encode()}, page=PAGE).status_code == 303


def test_the_owner_is_told_a_few_times_only(alice: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    text, here = create_token(alice.id, "laptop", ["read"]), signed_in(alice)
    for _ in range(5):
        assert upload(here, {"a.txt": text.encode()}, page=PAGE).status_code == 400
    assert len(told()) == 3


@pytest.mark.deployments("production-like")
def test_one_is_found_among_more_than_a_query_takes(alice: Account) -> None:
    texts = [*(f"hf_{number}" for number in range(66_000)), create_token(alice.id, "laptop", ["read"])]
    with pytest.raises(TokenInFile):
        refuse_tokens("a.txt", texts)


def test_the_api_refuses_it_too(app: Flask, alice: Account, secret: ProjectAccess) -> None:
    text = create_token(alice.id, "laptop", ["read"])
    answer = Program.of(app, alice).commit("alice/secret", {"op": "put", "path": "a", "content": text})
    assert answer.status_code == 400
    assert "contains an access token" in answer.json["detail"]


def test_what_only_looks_like_a_token_is_stored(alice: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    ended = create_token(alice.id, "ended", ["read"], days=1)
    with transaction() as session:
        session.execute(update(Token).values(expires_at=now() - timedelta(seconds=1)))
    content = "\n".join([ended, new_text(), EARLIER, "holdfast_", "hf_"]).encode()
    assert upload(signed_in(alice), {"a.txt": content}, page=PAGE).status_code == 303
    assert told() == []


def test_tokens_are_found_at_any_place_and_within_no_longer_word() -> None:
    text = new_text()
    assert tokens_in(f"{text} {EARLIER}".encode()) == {text, EARLIER}
    assert tokens_in(NOISE + text.encode() + NOISE) == {text}
    assert tokens_in(f"x{text} {text}x _{EARLIER} {text[:-1]}".encode()) == set()


@pytest.mark.parametrize("size_bytes", [0, 5, 1000, 100_000], ids=lambda size: f"{size}-bytes")
@pytest.mark.parametrize("kind", [bytes, lambda content: memoryview(bytearray(b"hf_" + content))[3:]])
def test_marks_are_found_in_short_and_long_content(
    size_bytes: int, kind: Callable[[bytes], bytes | memoryview]
) -> None:
    content = bytes(random.Random(size_bytes).choices(b"hf_", k=size_bytes)) + b"hf_"
    places = [place for place in range(len(content)) if content.startswith(b"hf_", place)]
    assert list(find_all(kind(content), b"hf_")) == places
