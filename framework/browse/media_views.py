"""Pictures for pages, as thumbnails or where no browser shows the file itself, and the subtitles of films."""

from collections.abc import Callable

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from framework.browse.drawn import send_picture, send_subtitles
from framework.browse.places import fallback_link
from framework.browse.render.pictures import thumbnail_address
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import begin_visit
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import Entry, find
from framework.repositories.history.refs import resolve, split_ref

blueprint = Blueprint("media", __name__)
blueprint.add_app_template_global(thumbnail_address)


@blueprint.get("/<owner>/<project>/picture/<path:place>")
def show_picture(owner: str, project: str, place: str) -> AnyResponse:
    """A picture as WebP, at most 2,048 pixels wide and high; `?size=small` is its thumbnail."""
    access = begin_visit(owner, project)
    return send_picture(access, _find_at(access, place))


@blueprint.get("/<owner>/<project>/subtitles/<path:place>")
def show_subtitles(owner: str, project: str, place: str) -> AnyResponse:
    """The subtitles of a film as WebVTT."""
    access = begin_visit(owner, project)
    return send_subtitles(access, _find_at(access, place))


def _find_at(access: ProjectAccess, place: str) -> Callable[[Copy], Entry]:
    def find_entry(copy: Copy) -> Entry:
        with fallback_link(access, copy, place):
            ref, path = split_ref(copy, place)
            return find(copy, resolve(copy, ref), path)

    return find_entry
