"""The pages of a project's versions: history, commits, comparisons, blame, branches and tags."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from framework.browse.diff.changed_tree import build_changed_tree
from framework.browse.history import blame, commits, history, refs
from framework.browse.places import fallback_link
from framework.browse.remembered import View, show
from framework.browse.view_options import ViewOptions
from framework.projects.branches.protection import protection_of
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import begin_visit, read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.repair import heal_after
from framework.repositories.history.refs import split_ref
from framework.statuses.reading import read_shown
from framework.web.answers import stream_response
from framework.web.pages import query_path
from framework.web.paging import page_number

PRINTED_TYPE = "text/plain; charset=utf-8"

blueprint = Blueprint("versions", __name__)
blueprint.add_app_template_filter(build_changed_tree, "changed_tree")

Page = TypeVar("Page")


@blueprint.get("/<owner>/<project>/commits")
@blueprint.get("/<owner>/<project>/commits/<path:place>")
def list_commits(owner: str, project: str, place: str = "") -> AnyResponse:
    """The history of a branch, a folder or a file, newest first, in pages."""
    access = begin_visit(owner, project)
    number = page_number(request.args)
    read = _with_fallback(access, place, lambda copy: history.history_at(copy, place, number=number))

    def render(page: history.HistoryPage) -> str:
        statuses = read_shown(access, [step.commit.sha for step in page.steps])
        return _render("browse/history.html", access, "history", statuses=statuses)(page)

    return show(access, View(read, render, number))


@blueprint.get("/<owner>/<project>/commit/<sha>")
def show_commit(owner: str, project: str, sha: str) -> AnyResponse:
    """One commit: who, when, why, and what it changed; one file of it in full with `?path=`."""
    access = begin_visit(owner, project)
    path, encoding = query_path(), ViewOptions.of(request.args).encoding
    read = _with_fallback(access, sha, lambda copy: commits.read_commit_page(copy, sha, path, encoding=encoding))

    def render(page: commits.CommitPage) -> str:
        combined = read_shown(access, [page.commit.sha]).get(page.commit.sha)
        return _render("browse/commit.html", access, "history", combined=combined)(page)

    return show(access, View(read, render, _difference_options(path)))


@blueprint.get("/<owner>/<project>/commit/<sha>.diff", defaults={"form": "diff"})
@blueprint.get("/<owner>/<project>/commit/<sha>.patch", defaults={"form": "patch"})
def print_commit(owner: str, project: str, sha: str, form: str) -> AnyResponse:
    """The commit as git prints it: for `git apply`, or for `git am`."""
    access = begin_visit(owner, project)
    return _send_printed(access, lambda copy: commits.print_commit(copy, sha, form))


@blueprint.get("/<owner>/<project>/compare")
def choose_versions(owner: str, project: str) -> AnyResponse | str:
    """Two versions to choose, or the way to their comparison."""
    access = begin_visit(owner, project)
    old, new = request.args.get("old", "").strip(), request.args.get("new", "").strip()
    if old and new:
        return redirect(access.address("compare", f"{old}...{new}"))
    names = read_project(access, refs.list_names)
    return render_template("browse/choose.html", project=access, names=names, old=old, new=new, tab="history")


@blueprint.get("/<owner>/<project>/compare/<path:spec>")
def compare(owner: str, project: str, spec: str) -> AnyResponse:
    """What one version has beyond another: `old...new` since they parted, `old..new` directly."""
    access = begin_visit(owner, project)
    path, encoding = query_path(), ViewOptions.of(request.args).encoding

    def render(page: commits.ComparePage) -> str:
        statuses = read_shown(access, [commit.sha for commit in page.commits])
        return _render("browse/compare.html", access, "history", statuses=statuses)(page)

    def read(copy: Copy) -> commits.ComparePage:
        return commits.read_compare_page(copy, spec, path, encoding=encoding)

    return show(access, View(read, render, _difference_options(path)))


@blueprint.get("/<owner>/<project>/compare/<path:spec>.diff", defaults={"form": "diff"})
@blueprint.get("/<owner>/<project>/compare/<path:spec>.patch", defaults={"form": "patch"})
def print_comparison(owner: str, project: str, spec: str, form: str) -> AnyResponse:
    """The comparison as git prints it: for `git apply`, or for `git am`."""
    access = begin_visit(owner, project)
    return _send_printed(access, lambda copy: commits.print_comparison(copy, spec, form))


@blueprint.get("/<owner>/<project>/blame/<path:place>")
def show_blame(owner: str, project: str, place: str) -> AnyResponse:
    """A file with who wrote each of its lines, and in which commit."""
    access = begin_visit(owner, project)
    asked = ViewOptions.of(request.args)
    read = _with_fallback(access, place, lambda copy: blame.read_blame_page(copy, *split_ref(copy, place), asked))
    options = asked.number, asked.encoding
    return show(access, View(read, _render("browse/blame.html", access, "files"), options, kind=FULL))


@blueprint.get("/<owner>/<project>/branches")
def list_branches(owner: str, project: str) -> AnyResponse:
    """The branches, and how far each is from the default one."""
    access = begin_visit(owner, project)
    number = page_number(request.args)
    rules = protection_of(access.id) if access.can_write else None
    view = View(
        lambda copy: refs.read_branches_page(copy, number),
        _render("browse/branches.html", access, "branches", rules=rules),
        (number, rules),
    )
    return show(access, view)


@blueprint.get("/<owner>/<project>/tags")
def list_tags(owner: str, project: str) -> AnyResponse:
    """The tags, the newest first, each with its downloads."""
    access = begin_visit(owner, project)
    number = page_number(request.args)
    rules = protection_of(access.id) if access.can_write else None
    view = View(
        lambda copy: refs.read_tags_page(copy, number),
        _render("browse/tags.html", access, "branches", rules=rules),
        (number, rules),
    )
    return show(access, view)


def _with_fallback(access: ProjectAccess, place: str, act: Callable[[Copy], Page]) -> Callable[[Copy], Page]:
    """What `act` makes of the copy; what is absent at the place offers a way out."""

    def read(copy: Copy) -> Page:
        with fallback_link(access, copy, place):
            return act(copy)

    return read


def _render(template: str, access: ProjectAccess, tab: str, **facts: object) -> Callable[[object], str]:
    return lambda page: render_template(template, project=access, page=page, tab=tab, **facts)


def _difference_options(path: str) -> tuple[str, bool, bool, str | None]:
    """What the pages of differences ask of the address, as well as the path."""
    encoding = ViewOptions.of(request.args).encoding
    return path, request.args.get("view") == "split", bool(request.args.get("lines")), encoding


def _send_printed(access: ProjectAccess, act: Callable[[Copy], commits.Printed]) -> AnyResponse:
    printed = read_project(access, act)
    chunks = heal_after(access.repository_id, commits.stream_printed(access.repository_id, printed))
    answer = stream_response(chunks, Content_Type=PRINTED_TYPE)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
