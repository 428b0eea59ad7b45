"""Pictures as browsers load them: each address is of one content, and is kept for a year."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from framework.profiles.pictures import read_picture
from framework.web.pages import YEAR_SECONDS

pictures = Blueprint("pictures", __name__)


@pictures.get("/pictures/<digest>.webp")
def show(digest: str) -> Response:
    """A picture, for anyone; nobody's session is looked at."""
    response = Response(read_picture(digest), content_type="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.set_etag(digest)
    return response.make_conditional(request.environ)
