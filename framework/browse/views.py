"""The pages of a project's files and history."""

from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.login import current_account
from framework.browse import pages
from framework.browse.archive import archived
from framework.browse.content import file_icon, file_name_parameters
from framework.browse.documents import Links, document_html
from framework.browse.raw import raw_answer
from framework.projects.access import ProjectAccess, project_for
from framework.projects.activity import read_activity
from framework.repositories import prefetch
from framework.repositories.healing import healing_after, read_copy
from framework.repositories.reading import resolve, split_ref
from framework.web.streaming import streamed

LAST_PAGE = 10_000

blueprint = Blueprint("browse", __name__)
blueprint.add_app_template_filter(file_icon)


@blueprint.app_template_filter("document")
def as_document(text: str, project: ProjectAccess, ref: str, folder: str) -> Markup:
    """Markdown of this folder as HTML."""
    return document_html(text, Links(project.address, ref, folder))


@blueprint.get("/<owner>/<project>")
def show_project(owner: str, project: str) -> str:
    """The project's page: its files at the newest version, or how to add the first ones."""
    account = current_account()
    access = project_for(account, owner, project)
    page = read_copy(access.repository_id, pages.project_page)
    if account:  # robots read every page and clone nothing
        prefetch.warm(access.repository_id)
    return render_template(page.template, project=access, page=page, tab="files")


@blueprint.get("/<owner>/<project>/tree/<path:place>")
def show_folder(owner: str, project: str, place: str) -> AnyResponse | str:
    """A folder at a branch, tag or commit."""
    return _show(owner, project, place, "tree")


@blueprint.get("/<owner>/<project>/blob/<path:place>")
def show_file(owner: str, project: str, place: str) -> AnyResponse | str:
    """A file at a branch, tag or commit: its content as far as a page can show it, and its last change."""
    return _show(owner, project, place, "blob")


def _show(owner: str, project: str, place: str, kind: str) -> AnyResponse | str:
    access = project_for(current_account(), owner, project)
    page = read_copy(access.repository_id, lambda copy: pages.page_at(copy, *split_ref(copy, place)))
    if page.kind != kind:
        return redirect(access.address(page.kind, place))
    return render_template(page.template, project=access, page=page, tab="files")


@blueprint.get("/<owner>/<project>/raw/<path:place>")
def send_file(owner: str, project: str, place: str) -> AnyResponse:
    """A file's bytes, streamed; `?download=1` hands it out as a download. One in Git LFS can be asked for in parts."""
    access = project_for(current_account(), owner, project)
    return raw_answer(access, place)


@blueprint.get("/<owner>/<project>/commits")
@blueprint.get("/<owner>/<project>/commits/<path:place>")
def list_commits(owner: str, project: str, place: str = "") -> str:
    """The history of a branch, a folder or a file, newest first, in pages."""
    access = project_for(current_account(), owner, project)
    page = read_copy(access.repository_id, lambda copy: pages.history_at(copy, place, number=_page_number()))
    return render_template("browse/history.html", project=access, page=page, tab="history")


@blueprint.get("/<owner>/<project>/commit/<sha>")
def show_commit(owner: str, project: str, sha: str) -> str:
    """One commit: who, when, why, and which files it changed."""
    access = project_for(current_account(), owner, project)
    page = read_copy(access.repository_id, lambda copy: pages.commit_page(copy, resolve(copy, sha)))
    return render_template("browse/commit.html", project=access, page=page, tab="history")


@blueprint.get("/<owner>/<project>/archive/<path:ref>.zip", defaults={"form": "zip"})
@blueprint.get("/<owner>/<project>/archive/<path:ref>.tar.gz", defaults={"form": "tar.gz"})
def download(owner: str, project: str, ref: str, form: str) -> AnyResponse:
    """All files of a version as one download, streamed."""
    access = project_for(current_account(), owner, project)
    sha = read_copy(access.repository_id, lambda copy: resolve(copy, ref))
    name = f"{access.name}-{ref.replace('/', '-')}"
    return streamed(
        healing_after(access.repository_id, archived(access.repository_id, sha, form=form, folder=name)),
        Content_Type="application/zip" if form == "zip" else "application/gzip",
        Content_Disposition=f"attachment; {file_name_parameters(f'{name}.{form}')}",
    )


@blueprint.get("/<owner>/<project>/activity")
def show_activity(owner: str, project: str) -> str:
    """What happened in the project lately."""
    access = project_for(current_account(), owner, project)
    events = read_activity(access.id)
    return render_template("browse/activity.html", project=access, events=events, tab="activity")


def _page_number() -> int:
    return min(max(1, request.args.get("page", 1, int)), LAST_PAGE)
