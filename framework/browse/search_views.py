"""The pages that find: files by their names, lines by what they hold."""

from flask import Blueprint, render_template, request

from framework.browse.history.lines import FoundLines, find_lines
from framework.browse.history.search import MOST_PATHS, FoundFiles, find_files
from framework.browse.places import fallback_link
from framework.projects.visits import begin_visit, read_project
from framework.repositories.cache.copy import Copy

blueprint = Blueprint("finding", __name__)


@blueprint.get("/<owner>/<project>/find/<path:ref>")
def go_to_file(owner: str, project: str, ref: str) -> str:
    """The files whose paths fit `?q=`; all of them, as far as a page goes, without it."""
    access = begin_visit(owner, project)
    query = request.args.get("q", "")

    def read(copy: Copy) -> FoundFiles:
        with fallback_link(access, copy, ref):
            return find_files(copy, ref, query)

    page = read_project(access, read)
    return render_template("browse/find.html", project=access, page=page, most_paths=MOST_PATHS, tab="files")


@blueprint.get("/<owner>/<project>/search/<path:ref>")
def search_files(owner: str, project: str, ref: str) -> str:
    """The lines that hold `?q=`, by file."""
    access = begin_visit(owner, project)
    query = request.args.get("q", "")

    def read(copy: Copy) -> FoundLines:
        with fallback_link(access, copy, ref):
            return find_lines(copy, ref, query)

    page = read_project(access, read)
    return render_template("browse/search.html", project=access, page=page, tab="files")
