"""What templates can use: sizes and amounts as people say them, addresses of static files, the way to sign in."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from flask import Flask, Response, current_app, request, url_for

from framework import config
from framework.formatting import format_dollars, format_size, quote_query, show_unseen

BUILT = "built"
YEAR_SECONDS = 31_536_000


def register(app: Flask) -> None:
    """Give templates their filters and functions, and static files an address that changes with their content."""
    app.jinja_env.filters.update(size=format_size, dollars=format_dollars, visible=show_unseen, urlencode=quote_query)
    app.jinja_env.globals.update(login_link=login_link, base_url=lambda: config.current().base_url)
    app.jinja_env.globals["file_limit"] = lambda: format_size(config.current().max_file_bytes)
    app.jinja_env.globals.update(built=find_built_script, signup_possible=lambda: config.current().signup != "closed")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_SECONDS
    folder = Path(str(app.static_folder))
    app.after_request(_ask_again)
    app.url_defaults(lambda endpoint, values: _add_digest(folder, endpoint, values))


def find_built_script(name: str) -> str | None:
    """The address of a script that the build made from packages, or None where it did not run."""
    made = Path(str(current_app.static_folder)) / BUILT / name
    return url_for("static", filename=f"{BUILT}/{name}") if made.is_file() else None


def query_path() -> str:
    """The file or folder that `?path=` names, "" for none; its bytes need be no UTF-8."""
    asked = parse_qs(request.query_string.decode("latin-1"), errors="surrogateescape")
    return asked.get("path", [""])[0]


def login_link() -> str:
    """The address of the login page, which leads back to the present one."""
    if request.method != "GET" or request.path in {"/", "/login", "/signup", "/forgot"}:
        return "/login"
    return f"/login?next={quote(request.full_path.rstrip('?'))}"


def _ask_again(response: Response) -> Response:
    """A static file whose address does not change with its content is asked for again; the build's parts do change."""
    lasting = "v" in request.args or request.path.startswith(f"/static/{BUILT}/")
    if request.endpoint == "static" and not lasting:
        response.headers["Cache-Control"] = "no-cache"
    return response


def _add_digest(folder: Path, endpoint: str, values: dict[str, Any]) -> None:
    path = folder / str(values.get("filename"))
    if endpoint == "static" and path.is_file():
        values["v"] = _digest(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=200)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
