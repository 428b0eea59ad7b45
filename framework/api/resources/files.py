"""Reading a project's refs, files and history; a ref may hold slashes, and the longest that exists is meant."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from framework.api import callers
from framework.api.answers import answer, no_content
from framework.api.bodies import BranchBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.projects import Commit, ListedCommit, Ref, TreeEntry
from framework.api.paging import PAGE, links, page_length, page_number, page_of
from framework.browse.history.history import HISTORY_PAGE, HistoryPage, read_history_page
from framework.browse.raw import send_raw
from framework.gitcore.ref_names import HEADS, TAGS
from framework.projects.branches import operations
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.visits import read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.folders import Entry, find, list_folder
from framework.repositories.history.log import Changed, CommitEntry, list_changed_files, read_log
from framework.repositories.history.refs import resolve, split_ref
from framework.web.pages import query_path

files = Blueprint("files", __name__, url_prefix="/projects/<owner>/<project>")

HISTORY = {
    "ref": "A branch, a tag or a commit; the default branch when it is left out.",
    "path": "Only commits that changed this file or folder.",
}


@files.get("/refs")
@describe(Call({200: [Ref]}, query=PAGE))
def list_refs(owner: str, project: str) -> Response:
    """All branches and tags, the default branch marked; a page of them where one is asked for."""
    refs, headers = page_of(Ref.all_of(read_snapshot(_readable(owner, project).repository_id)))
    return answer(refs, headers=headers)


@files.patch("/refs/heads/<path:branch>")
@describe(Call({200: Ref}, needs="write", body=BranchBody, refusals=(409,)))
def rename_branch(owner: str, project: str, branch: str) -> Response:
    """Give a branch another name; a protected one, and the default one, is renamed by owners only."""
    account = callers.writer()
    access = project_for(account, owner, project, "writer")
    name = operations.rename_branch(account, access, branch, read_body(BranchBody).name)
    made = Ref.all_of(read_snapshot(access.repository_id))
    return answer(next(ref for ref in made if ref.ref == HEADS + name))


@files.delete("/refs/heads/<path:branch>")
@describe(Call({204: None}, needs="write", refusals=(409,)))
def delete_branch(owner: str, project: str, branch: str) -> Response:
    """Delete a branch; the default one never, and a protected one where a rule allows it."""
    return _delete(owner, project, HEADS + branch)


@files.delete("/refs/tags/<path:tag>")
@describe(Call({204: None}, needs="write", refusals=(409,)))
def delete_tag(owner: str, project: str, tag: str) -> Response:
    """Delete a tag, where a rule allows it."""
    return _delete(owner, project, TAGS + tag)


@files.get("/tree/<path:place>")
@describe(Call({200: [TreeEntry]}))
def list_tree(owner: str, project: str, place: str) -> Response:
    """The entries of the folder at REF/PATH, subfolders first; of a file, its own entry."""
    access = _readable(owner, project)
    return answer([TreeEntry.of(entry) for entry in read_project(access, lambda copy: _entries(copy, place))])


@files.get("/raw/<path:place>")
@describe(Call({200: "*/*", 206: "*/*", 304: None}, refusals=(416,)))
def send_file(owner: str, project: str, place: str) -> AnyResponse:
    """The bytes of the file at REF/PATH. Range requests are supported."""
    return send_raw(_readable(owner, project), place)


@files.get("/commits")
@describe(Call({200: [ListedCommit]}, query=HISTORY | PAGE))
def list_commits(owner: str, project: str) -> Response:
    """A history, newest first."""
    access, number, length = _readable(owner, project), page_number(), page_length(HISTORY_PAGE)
    page = read_project(access, lambda copy: _history(copy, number, length))
    return answer(
        [ListedCommit.of(commit) for commit in (step.commit for step in page.steps)],
        headers=links(number, more=page.more),
    )


@files.get("/commits/<path:ref>")
@describe(Call({200: Commit}))
def show_commit(owner: str, project: str, ref: str) -> Response:
    """One commit, by its id or as the newest of a branch or tag, with the files that it changed."""
    access = _readable(owner, project)
    commit, files = read_project(access, lambda copy: _commit(copy, ref))
    return answer(Commit.with_files(commit, files))


def _delete(owner: str, project: str, name: str) -> Response:
    account = callers.writer()
    operations.delete_ref(account, project_for(account, owner, project, "writer"), name)
    return no_content()


def _readable(owner: str, project: str) -> ProjectAccess:
    return project_for(callers.visitor(), owner, project)


def _entries(copy: Copy, place: str) -> list[Entry]:
    ref, path = split_ref(copy, place)
    sha = resolve(copy, ref)
    found = find(copy, sha, path)
    if found.kind == "tree":
        return list_folder(copy, found)
    return [entry for entry in list_folder(copy, find(copy, sha, path.rpartition("/")[0])) if entry.path == path]


def _history(copy: Copy, number: int, length: int) -> HistoryPage:
    ref = request.args.get("ref") or copy.snapshot.default_branch
    return read_history_page(copy, ref, query_path().strip("/"), number=number, length=length)


def _commit(copy: Copy, ref: str) -> tuple[CommitEntry, list[Changed]]:
    sha = resolve(copy, ref)
    return read_log(copy, sha, limit=1)[0], list_changed_files(copy, sha)
