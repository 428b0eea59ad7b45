"""Committing: any number of path operations become one commit, or nothing."""

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.bodies import CommitBody
from framework.api.body.incoming import Incoming, least_bytes_of, receive_commit
from framework.api.calls import Call, describe
from framework.api.documents.projects import NewCommit
from framework.api.idempotency import Created, Keep, create_once, is_repeated
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.members import quota
from framework.repositories.journal import writer
from framework.repositories.write.operations import Written
from framework.uploads.changing import store_changes
from framework.uploads.tus.resumable import mark_used

commits = Blueprint("commits", __name__, url_prefix="/projects/<owner>/<project>")


@commits.post("/commits")
@describe(Call({201: NewCommit}, needs="write", body=CommitBody, refusals=(409, 410), keyed=True))
def make_commit(owner: str, project: str) -> Response:
    """Make the operations one commit on a branch: all of them or none.

    Without `parent` they land on top of whatever others committed meanwhile, unless that touched the same paths; with
    it, a branch that has moved is a conflict.
    """
    account = callers.writer()
    access = project_for(account, owner, project, "writer")
    least = least_bytes_of(request)
    if least and not is_repeated(account):
        quota.check_room(access, least)
    with receive_commit(request) as incoming:
        made = create_once(
            account,
            incoming.sha256,
            lambda keep: _store(access, account, incoming, keep),
            again=lambda: writer.confirm(access.repository_id),  # the first answer may have been lost before this
        )
    return made.response()


def _store(access: ProjectAccess, account: Account, incoming: Incoming, keep: Keep) -> Created:
    changes = incoming.changes(account)

    def answer(written: Written) -> Created:
        told = NewCommit(sha=written.sha, branch=changes.branch, changed=written.changed)
        return Created(201, f"/api/v1/projects{access.path}/commits/{written.sha}", told.model_dump_json())

    def record(session: Session, written: Written) -> None:
        keep(session, answer(written))

    made = answer(store_changes(access, account, changes, in_transaction=record))
    mark_used(account, incoming.uploads)
    return made
