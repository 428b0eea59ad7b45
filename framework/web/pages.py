"""What templates can use: moments and sizes as people say them, addresses of static files, the way to sign in."""

import hashlib
import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from flask import Flask, Response, current_app, request, url_for

from framework import config
from framework.database.types import now
from framework.web.sizes import size

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\udc80-\udcff]")

MINUTE, HOUR, DAY = 60, 3600, 86_400
BUILT = "built"
YEAR_SECONDS = 31_536_000
STEPS = ((MINUTE, HOUR, "minute"), (HOUR, DAY, "hour"), (DAY, 30 * DAY, "day"))


def register(app: Flask) -> None:
    """Give templates their filters and functions, and static files an address that changes with their content."""
    app.jinja_env.filters.update(ago=ago, size=size, dollars=dollars, visible=visible, urlencode=quoted)
    app.jinja_env.globals.update(login_link=login_link, base_url=lambda: config.current().base_url)
    app.jinja_env.globals["file_limit"] = lambda: size(config.current().max_file_bytes)
    app.jinja_env.globals.update(built=built, signup_possible=lambda: config.current().signup != "closed")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_SECONDS
    folder = Path(str(app.static_folder))
    app.after_request(_ask_again)
    app.url_defaults(lambda endpoint, values: _add_digest(folder, endpoint, values))


def ago(moment: datetime, since: datetime | None = None) -> str:
    """How long ago that was, in words; the date when it is more than a month, or more than a day to come."""
    seconds = ((since or now()) - moment).total_seconds()
    if -DAY < seconds < MINUTE:
        return "just now"
    for unit, limit, name in STEPS:
        if 0 < seconds < limit:
            return _counted(int(seconds // unit), name)
    return moment.strftime("%-d %b %Y")


def built(name: str) -> str | None:
    """The address of a script that the build made from packages, or None where it did not run."""
    made = Path(str(current_app.static_folder)) / BUILT / name
    return url_for("static", filename=f"{BUILT}/{name}") if made.is_file() else None


def visible(text: str) -> str:
    """A name of a file as it can be shown: control characters and what is no UTF-8 as escapes of Python."""
    return _UNSEEN.sub(lambda found: _escape(found[0]), text)


def quoted(text: str) -> str:
    """A part of a query; a name of a file that is no UTF-8 keeps its bytes, which `query_path` reads."""
    return quote(text.encode(errors="surrogateescape"))


def query_path() -> str:
    """The file or folder that `?path=` names, "" for none; its bytes need be no UTF-8."""
    asked = parse_qs(request.query_string.decode("latin-1"), errors="surrogateescape")
    return asked.get("path", [""])[0]


def _escape(sign: str) -> str:
    byte = ord(sign) - 0xDC00 if "\udc80" <= sign <= "\udcff" else ord(sign)
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(byte, f"\\x{byte:02x}")


def dollars(amount: float) -> str:
    """An amount of US dollars; what is less than a cent as a part of one."""
    if 0 < amount < 0.01:
        return f"{amount * 100:.2g} ¢" if amount >= 0.000_01 else "< 0.001 ¢"
    return f"${amount:,.2f}"


def login_link() -> str:
    """The address of the login page, which leads back to the present one."""
    if request.method != "GET" or request.path in {"/", "/login", "/signup", "/forgot"}:
        return "/login"
    return f"/login?next={quote(request.full_path.rstrip('?'))}"


def _counted(number: int, unit: str) -> str:
    if unit == "day" and number == 1:
        return "yesterday"
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


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
