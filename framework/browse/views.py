"""The pages of a project's files, and their bytes."""

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from framework.browse import pages
from framework.browse.archives.planning import plan_archive
from framework.browse.archives.streaming import stream_archive
from framework.browse.history.citations.citing import add_orcids, cite
from framework.browse.history.submodules import submodule_address
from framework.browse.places import fallback_link
from framework.browse.raw import send_raw
from framework.browse.remembered import View, show
from framework.browse.render.content import file_icon, file_name_parameters
from framework.browse.render.documents import MARKDOWN, Links
from framework.browse.render.notebooks.reading import Notebook
from framework.browse.render.rendering import dress_notebook, render_document
from framework.browse.render.signs import mark_signs
from framework.browse.scripts import send_script
from framework.browse.view_options import ENCODINGS, ViewOptions
from framework.gitcore.ref_names import short_name
from framework.projects.core.access import ProjectAccess
from framework.projects.notify.activity import PAGE, read_activity
from framework.projects.visits import begin_visit, read_project
from framework.repositories.cache import prefetch
from framework.repositories.cache.commit_graph import graph_later
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import heal_after
from framework.repositories.history.refs import split_ref
from framework.statuses.reading import read_shown
from framework.web.answers import stream_response
from framework.web.pages import query_path

FilesPage = pages.FolderPage | pages.FilePage

blueprint = Blueprint("browse", __name__)
blueprint.add_app_template_filter(file_icon)
blueprint.add_app_template_filter(mark_signs, "signs")
blueprint.add_app_template_global(submodule_address)
blueprint.record(lambda state: state.app.jinja_env.globals.update(encodings=ENCODINGS))


@blueprint.app_template_filter("document")
def as_document(text: str, project: ProjectAccess, ref: str, folder: str, kind: str = MARKDOWN) -> Markup:
    """A document of this folder as HTML."""
    return render_document(text, Links(project.path, ref, folder), kind)


@blueprint.app_template_filter("dress")
def dress_for_page(notebook: Notebook, project: ProjectAccess, ref: str, folder: str) -> Notebook:
    """A notebook of this folder with its documents, formulas and colours."""
    return dress_notebook(notebook, Links(project.path, ref, folder))


@blueprint.get("/<owner>/<project>")
def show_project(owner: str, project: str) -> AnyResponse:
    """The project's page: its files at the newest version, or how to add the first ones."""
    access = begin_visit(owner, project)
    asked = ViewOptions.of(request.args)
    answer = _show_files(access, asked, lambda copy: pages.read_project_page(copy, asked))
    if access.visitor_id:  # robots read every page and clone nothing
        prefetch.warm(access.repository_id)
    return answer


@blueprint.get("/<owner>/<project>/tree/<path:place>")
def show_folder(owner: str, project: str, place: str) -> AnyResponse:
    """A folder at a branch, tag or commit."""
    return _show(owner, project, place, "tree")


@blueprint.get("/<owner>/<project>/blob/<path:place>")
def show_file(owner: str, project: str, place: str) -> AnyResponse:
    """A file at a branch, tag or commit: its content as far as a page can show it, and its last change."""
    return _show(owner, project, place, "blob")


def _show(owner: str, project: str, place: str, kind: str) -> AnyResponse:
    access = begin_visit(owner, project)
    asked = ViewOptions.of(request.args)

    def read(copy: Copy) -> FilesPage:
        with fallback_link(access, copy, place):
            return pages.read_page_at(copy, *split_ref(copy, place), asked)

    return _show_files(access, asked, read, place=place, kind=kind)


def _show_files(
    access: ProjectAccess, asked: ViewOptions, read: Callable[[Copy], FilesPage], *, place: str = "", kind: str = "tree"
) -> AnyResponse:
    """The page of what is at the place, or the way to it when that is of another kind than the address says."""

    def render(page: FilesPage) -> AnyResponse | str:
        if not page.complete:
            graph_later(access.repository_id)
        if page.kind != kind:
            return redirect(access.address(page.kind, place))
        statuses = read_shown(access, [page.newest.sha] if page.newest else [])
        return render_template(page.template, project=access, page=page, tab="files", statuses=statuses)

    alike = replace(asked, whole=False)  # what is remembered is complete, however long somebody was ready to wait
    return show(access, View(read, render, alike, is_complete=lambda page: page.complete, patience=asked.whole))


@blueprint.get("/<owner>/<project>/raw/<path:place>")
def send_file(owner: str, project: str, place: str) -> AnyResponse:
    """A file's bytes, streamed; `?download=1` hands it out as a download. Range requests are supported."""
    access = begin_visit(owner, project)
    return send_raw(access, place)


@blueprint.get("/<owner>/<project>/archive/<path:ref>.zip", defaults={"form": "zip"})
@blueprint.get("/<owner>/<project>/archive/<path:ref>.tar.gz", defaults={"form": "tar.gz"})
def download(owner: str, project: str, ref: str, form: str) -> AnyResponse:
    """All files of a version as one download, streamed; those below `?path=` only, when it is given.

    With `?all=1` also what `export-ignore` in `.gitattributes` leaves out.
    """
    access = begin_visit(owner, project)
    folder, everything = query_path().strip("/"), "all" in request.args

    archive = read_project(access, lambda copy: plan_archive(copy, ref, folder, everything=everything))
    name = "-".join((access.name, *short_name(ref).split("/"), *folder.split("/"))).rstrip("-")
    return stream_response(
        heal_after(access.repository_id, stream_archive(access.repository_id, archive, form=form, name=name)),
        Content_Type="application/zip" if form == "zip" else "application/gzip",
        Content_Disposition=f"attachment; {file_name_parameters(f'{name}.{form}')}",
    )


@blueprint.get("/<owner>/<project>/script/<path:place>")
def download_script(owner: str, project: str, place: str) -> AnyResponse:
    """A notebook as a script, to download."""
    access = begin_visit(owner, project)
    return send_script(access, place)


@blueprint.get("/<owner>/<project>/cite/<path:ref>")
def show_citation(owner: str, project: str, ref: str) -> str:
    """How to cite this version of the project."""
    access = begin_visit(owner, project)
    citation = add_orcids(read_project(access, lambda copy: cite(copy, access, ref)))
    return render_template("browse/cite.html", project=access, citation=citation, ref=ref, tab="files")


@blueprint.get("/<owner>/<project>/activity")
def show_activity(owner: str, project: str) -> str:
    """What happened in the project, in pages."""
    access = begin_visit(owner, project)
    number = ViewOptions.of(request.args).number
    found = read_activity(access.id, number)
    facts = {"events": found[:PAGE], "more": len(found) > PAGE, "number": number}
    return render_template("browse/activity.html", project=access, tab="activity", **facts)
