"""The caller, and the caller's tokens."""

from flask import Blueprint, Response

from framework.accounts.signin import tokens
from framework.api import callers
from framework.api.answers import answer, no_content
from framework.api.bodies import TokenBody, UserChanges, read_body
from framework.api.calls import Call, describe
from framework.api.documents.people import NewToken, Token, Usage, User
from framework.api.paging import LONGEST_PAGE, PAGE, links, page_length, page_number
from framework.profiles.editing import read_profile_text, save_profile_text
from framework.projects.core import queries
from framework.projects.core.access import project_for
from framework.projects.members.usage import usage_of

people = Blueprint("people", __name__)


@people.get("/user")
@describe(Call({200: User}, needs="token"))
def show_user() -> Response:
    """The account that the token acts for."""
    account = callers.reader()
    return answer(User.of(account, read_profile_text(account.id)))


@people.patch("/user")
@describe(Call({200: User}, needs="admin", body=UserChanges))
def change_user() -> Response:
    """Change what the caller's profile says; what is left out stays."""
    account = callers.administrator()
    body = read_body(UserChanges)
    return answer(User.of(account, save_profile_text(account, None, about=body.about, links=body.links)))


@people.get("/usage")
@describe(Call({200: Usage}, needs="token", query=PAGE))
def show_usage() -> Response:
    """What the caller's projects hold of what they may; a token for one project tells of that alone."""
    account = callers.reader()
    number, length = page_number(), page_length(LONGEST_PAGE)
    used = usage_of(account, number, length)
    return answer(Usage.of(used), headers=links(number, more=used.more))


@people.get("/tokens")
@describe(Call({200: [Token]}, needs="password"))
def list_tokens() -> Response:
    """The account's tokens, newest first."""
    account = callers.holder_of_password()
    names = queries.names_of(account)
    return answer([Token.of(about, names.get(about.repository_id or "")) for about in tokens.tokens_of(account.id)])


@people.post("/tokens")
@describe(Call({201: NewToken}, needs="password", body=TokenBody, refusals=(404,)))
def make_token() -> Response:
    """Make a token, for all projects or for one; its text is in this answer only."""
    account = callers.holder_of_password()
    body = read_body(TokenBody)
    scopes = list(tokens.include_implied([*body.scopes]))
    repository_id = project_for(account, *_owner_and_name(body.project)).repository_id if body.project else None
    text = tokens.create_token(
        account.id, body.name, scopes, shown=account, days=body.days, repository_id=repository_id
    )
    return answer(NewToken(token=text, name=body.name.strip(), scopes=scopes), 201)


@people.delete("/tokens/<int:token_id>")
@describe(Call({204: None}, needs="password"))
def delete_token(token_id: int) -> Response:
    """End a token."""
    tokens.revoke_token(callers.holder_of_password().id, token_id)
    return no_content()


def _owner_and_name(project: str) -> tuple[str, str]:
    owner, _slash, name = project.partition("/")
    return owner, name
