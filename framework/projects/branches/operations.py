"""Branches and tags as the site changes them: choosing the default branch, renaming, deleting."""

from typing import Any

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.errors import Conflict
from framework.gitcore.ref_names import HEADS, branch_ref, short_name
from framework.projects.branches.protection import read_protection
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.description import describe
from framework.projects.models import BranchRule, Project
from framework.projects.notify.activity import record
from framework.repositories.catalog.changes import Change, Committed, RefUpdate
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.absent import RefAbsent
from framework.repositories.models import Ref, Repository
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.creation import change_about
from framework.repositories.write.operations import BranchAbsent, BranchExists
from framework.repositories.write.refusals import RefMoved

TRIES = 5


class RefBusy(Conflict):
    """Somebody keeps changing the branch that was to be changed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{short_name(name)} was changed at the same moment; look at it and try again.")


def choose_default_branch(account: Account, project: ProjectAccess, branch: str) -> None:
    """Have this branch shown first and checked out by clones; for maintainers.

    Raises:
        BranchAbsent: there is no such branch. RoleTooLow: the caller is no maintainer any more.
    """

    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, "maintainer")
        set_default_branch(session, project.repository_id, branch)
        record(session, project.id, actor=account, kind="settings")
        return describe(session, session.get_one(Project, project.id))

    change_about(project.repository_id, change, actor=account.name)


def set_default_branch(session: Session, repository_id: str, branch: str) -> None:
    """The same as a part of a change that has been permitted.

    Raises:
        BranchAbsent.
    """
    if session.get(Ref, (repository_id, HEADS + branch)) is None:
        raise BranchAbsent(branch)
    session.get_one(Repository, repository_id).default_branch = branch


def rename_branch(account: Account, project: ProjectAccess, branch: str, name: str) -> str:
    """Give a branch another name, which it keeps its commits, its rule and its place as the default branch under.

    A protected branch is renamed by maintainers only. What a rule forbids of the new name stays forbidden.

    Raises:
        BranchAbsent, BranchExists, RefClash, BadRef, RefBusy, RoleTooLow: nothing is changed.
    """
    old, new = HEADS + branch, branch_ref(name)

    def move_rule(session: Session) -> dict[str, Any]:
        protection = read_protection(session, project.id)
        recheck(session, project.id, account, "writer" if protection.of(branch).deletion else "maintainer")
        if rule := session.get(BranchRule, (project.id, branch)):
            there = protection.of(name)
            session.merge(
                BranchRule(
                    project_id=project.id,
                    pattern=name,
                    force_push=rule.force_push and there.force_push,
                    deletion=rule.deletion and there.deletion,
                )
            )
            session.delete(rule)
        record(session, project.id, actor=account, kind="settings")
        session.flush()
        return describe(session, session.get_one(Project, project.id))

    for _try in range(TRIES):
        snapshot = read_snapshot(project.repository_id)
        if old not in snapshot.refs:
            raise BranchAbsent(branch)
        if new in snapshot.refs:
            raise BranchExists(name)
        updates = (RefUpdate(old, snapshot.refs[old], None), RefUpdate(new, None, snapshot.refs[old]))
        default = name if snapshot.default_branch == branch else None
        change = Change(project.repository_id, account.name, updates=updates, about=move_rule, default_branch=default)
        try:
            commit(change, precheck=do_nothing, in_transaction=do_nothing)
        except RefMoved:
            continue
        return name
    raise RefBusy(old)


def delete_ref(account: Account, project: ProjectAccess, name: str) -> None:
    """Delete a branch or a tag by its full name; its commits stay readable by their own names until they are purged.

    Raises:
        RefAbsent: it is not there. RefProtected, RefBusy, RoleTooLow: nothing is changed.
    """

    def check(session: Session, _committed: Committed) -> None:
        recheck(session, project.id, account, "writer")
        read_protection(session, project.id).refuse_deletion(name)
        record(session, project.id, actor=account, kind="push", details={"deleted": short_name(name)})

    for _try in range(TRIES):
        sha = read_snapshot(project.repository_id).refs.get(name)
        if sha is None:
            raise RefAbsent(short_name(name))
        change = Change(project.repository_id, account.name, updates=(RefUpdate(name, sha, None),), kind="push")
        try:
            commit(change, precheck=do_nothing, in_transaction=check)
        except RefMoved:
            continue
        return
    raise RefBusy(name)
