"""Pictures for pages: thumbnails, and what no browser shows by itself."""

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from framework.browse.drawn import send_picture
from framework.browse.places import fallback_link
from framework.browse.render.pictures import thumbnail_address
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

    def find_entry(copy: Copy) -> Entry:
        with fallback_link(access, copy, place):
            ref, path = split_ref(copy, place)
            return find(copy, resolve(copy, ref), path)

    return send_picture(access, find_entry)
