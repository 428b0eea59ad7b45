"""The caller, and the caller's tokens."""

from flask import Blueprint, Response

from framework.accounts import tokens
from framework.api import callers
from framework.api.answers import NewToken, Token, User, answer, nothing
from framework.api.bodies import TokenBody, read_body
from framework.api.calls import Call, described

people = Blueprint("people", __name__)


@people.get("/user")
@described(Call({200: User}, needs="token"))
def show_user() -> Response:
    """The account that the token acts for."""
    return answer(User.of(callers.reader()))


@people.get("/tokens")
@described(Call({200: [Token]}, needs="password"))
def list_tokens() -> Response:
    """The account's tokens, newest first."""
    account = callers.holder_of_password()
    return answer([Token.of(about) for about in tokens.tokens_of(account.id)])


@people.post("/tokens")
@described(Call({201: NewToken}, needs="password", body=TokenBody))
def make_token() -> Response:
    """Make a token; its text is in this answer only."""
    account = callers.holder_of_password()
    body = read_body(TokenBody)
    scopes: list[str] = sorted({"read", *body.scopes})
    text = tokens.create_token(account.id, body.name, scopes, days=body.days)
    return answer(NewToken(token=text, name=body.name.strip(), scopes=scopes), 201)


@people.delete("/tokens/<int:token_id>")
@described(Call({204: None}, needs="password"))
def delete_token(token_id: int) -> Response:
    """End a token."""
    tokens.revoke_token(callers.holder_of_password().id, token_id)
    return nothing()
