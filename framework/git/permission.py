"""Who may push, and pushes that create their project."""

from framework import config
from framework.accounts.tokens import Caller
from framework.projects.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.operations import check_new_name, create_project


def pushable(caller: Caller, owner: str, name: str) -> ProjectAccess | None:
    """The project that the caller may push to, or None for one of their own that the push would create.

    Raises:
        TokenOnlyReads, RoleTooLow, ProjectNotFound, InvalidProjectName, ProjectNameTaken.
    """
    caller.refuse_unless_writing()
    try:
        return project_for(caller.account, owner, name, "writer")
    except ProjectNotFound:
        if owner.casefold() != caller.account.name.casefold() or not config.current().create_on_push:
            raise
    check_new_name(caller.account, name)
    return None


def pushed_to(caller: Caller, owner: str, name: str) -> ProjectAccess:
    """The same when the push has begun: the project is created, private, where it is missing."""
    access = pushable(caller, owner, name)
    return access or create_project(caller.account, name=name, description="", visibility="private")
