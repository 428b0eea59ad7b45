"""The address of a view-only link."""

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from framework.browse.drawn import send_picture, send_subtitles
from framework.browse.raw import send_opened
from framework.browse.render.content import file_name_parameters
from framework.browse.view_options import ViewOptions
from framework.links import blind
from framework.links.blind import VERSION
from framework.links.looking import open_view_link
from framework.projects.core import links
from framework.web.answers import ViewResponse, stream_response

blueprint = Blueprint("view_links", __name__, url_prefix="/l")


@blueprint.after_request
def keep_link_secret(response: Response) -> Response:
    """Whoever has the address may look, so it is told to no other site, kept in no cache and in no search engine."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/<token>")
def open_link(token: str) -> ViewResponse | str:
    """Let this browser look at the project, and lead to its page; an anonymised link shows the files itself."""
    link = open_view_link(token)
    if link.anonymous:
        return _show(token, "")
    links.show(link.digest)
    return redirect(link.project.path)


@blueprint.get(f"/<token>/tree/{VERSION}")
@blueprint.get(f"/<token>/tree/{VERSION}/<path:path>")
@blueprint.get(f"/<token>/blob/{VERSION}/<path:path>")
def show_files(token: str, path: str = "") -> str:
    """A folder or a file, by an anonymised link."""
    return _show(token, path)


@blueprint.get(f"/<token>/raw/{VERSION}/<path:path>")
def send_file(token: str, path: str) -> AnyResponse:
    """A file's bytes, by an anonymised link."""
    access = blind.anonymise(open_view_link(token), token)
    return send_opened(access, lambda copy: blind.open_file(copy, path))


@blueprint.get(f"/<token>/picture/{VERSION}/<path:path>")
def show_picture(token: str, path: str) -> AnyResponse:
    """A picture as WebP, small as a thumbnail or as large as a page, by an anonymised link."""
    access = blind.anonymise(open_view_link(token), token)
    return send_picture(access, lambda copy: blind.find_entry(copy, path))


@blueprint.get(f"/<token>/subtitles/{VERSION}/<path:path>")
def show_subtitles(token: str, path: str) -> AnyResponse:
    """The subtitles of a film as WebVTT, by an anonymised link."""
    access = blind.anonymise(open_view_link(token), token)
    return send_subtitles(access, lambda copy: blind.find_entry(copy, path))


@blueprint.get(f"/<token>/archive/{VERSION}.zip", defaults={"form": "zip"})
@blueprint.get(f"/<token>/archive/{VERSION}.tar.gz", defaults={"form": "tar.gz"})
def download(token: str, form: str) -> AnyResponse:
    """All files, by an anonymised link."""
    access = blind.anonymise(open_view_link(token), token)
    return stream_response(
        blind.stream_files(access, form),
        Content_Type="application/zip" if form == "zip" else "application/gzip",
        Content_Disposition=f"attachment; {file_name_parameters(f'{blind.NAME}.{form}')}",
    )


def _show(token: str, path: str) -> str:
    link = open_view_link(token)
    access = blind.anonymise(link, token)
    page = blind.read_page(access, path, ViewOptions.of(request.args))
    template = "links/blind_file.html" if page and page.kind == "blob" else "links/blind_folder.html"
    return render_template(template, project=access, page=page, title=link.title)
