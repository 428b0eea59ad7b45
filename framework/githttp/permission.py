"""Who may push, and pushes that create their project."""

from flask import Request

from framework import config
from framework.accounts.signin.http_auth import account_from_basic
from framework.accounts.signin.tokens import Caller
from framework.errors import Forbidden
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.core.links import is_token, note_use
from framework.projects.lifecycle.operations import ProjectNameTaken, check_new_name, create_project
from framework.projects.members.quota import check_private_room

CHALLENGE = 'Basic realm="Holdfast", charset="UTF-8"'


class SignInNeeded(Forbidden):
    """Nobody has signed in, and the project is private, or missing, or to be written to."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "This project is private or does not exist. Sign in with your user name and a token or your password."
        )

    @property
    def headers(self) -> dict[str, str]:
        """How to sign in; git-lfs has a header of its own for it."""
        return {"WWW-Authenticate": CHALLENGE, "LFS-Authenticate": CHALLENGE}


def read_caller(asked: Request) -> Caller | None:
    """Who git acts for; nobody where the password is a view-only link, which `project_for` finds in the request.

    Raises:
        BudgetSpent, AccountSuspended.
    """
    if asked.authorization and is_token(asked.authorization.password or ""):
        return None
    return account_from_basic(asked.authorization)


def open_for_reading(caller: Caller | None, owner: str, name: str) -> ProjectAccess:
    """The project that the caller, or anybody, may read.

    Raises:
        SignInNeeded: nobody has signed in; for a private project and a missing one alike.
        ProjectNotFound: who asks has signed in.
    """
    try:
        access = project_for(caller.account if caller else None, owner, name)
    except ProjectNotFound as error:
        if caller:
            raise
        raise SignInNeeded from error
    if access.link_id:
        note_use(access.link_id)
    return access


def open_for_push(caller: Caller, owner: str, name: str) -> ProjectAccess | None:
    """The project that the caller may push to, or None for one of their own that the push would create.

    Raises:
        TokenOnlyReads, RoleTooLow, ProjectNotFound, InvalidProjectName, ProjectNameTaken,
        TooManyPrivateProjects.
    """
    access = find_for_push(caller, owner, name)
    if access is None:
        check_new_name(caller.account, name)
        check_private_room(caller.account)
    return access


def find_for_push(caller: Caller, owner: str, name: str) -> ProjectAccess | None:
    """The same for a caller who creates the project next, which refuses what cannot be created.

    Raises:
        TokenOnlyReads, RoleTooLow, ProjectNotFound.
    """
    caller.refuse_unless_writing()
    try:
        return project_for(caller.account, owner, name, "writer")
    except ProjectNotFound:
        if not _may_create(caller, owner):
            raise
    return None


def open_or_create(caller: Caller, owner: str, name: str) -> ProjectAccess:
    """The project of a push that has begun: it is created, private, where it is missing."""
    return find_for_push(caller, owner, name) or create_for_push(caller, name)


def create_for_push(caller: Caller, name: str) -> ProjectAccess:
    """A private project that `open_for_push` did not find, or the one that another push has created meanwhile.

    Raises:
        What `create_project` raises, and RoleTooLow.
    """
    try:
        return create_project(caller.account, name=name, description="", visibility="private")
    except ProjectNameTaken:
        return project_for(caller.account, caller.account.name, name, "writer")


def _may_create(caller: Caller, owner: str) -> bool:
    """A token for one project learns nothing of the names of others, so it makes none."""
    is_own = owner.casefold() == caller.account.name.casefold()
    return is_own and config.current().create_on_push and caller.account.confined_to is None
