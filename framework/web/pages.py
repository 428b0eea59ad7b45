"""What templates can use: moments and sizes as people say them, addresses of static files, the way to sign in."""

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, request, url_for

from framework import config
from framework.database.types import now

MINUTE, HOUR, DAY = 60, 3600, 86_400
BUILT = "built"
YEAR_SECONDS = 31_536_000
STEPS = ((MINUTE, HOUR, "minute"), (HOUR, DAY, "hour"), (DAY, 30 * DAY, "day"))


def register(app: Flask) -> None:
    """Give templates their filters and functions, and static files an address that changes with their content."""
    app.jinja_env.filters.update(ago=ago, size=size, dollars=dollars)
    app.jinja_env.globals.update(login_link=login_link, base_url=lambda: config.current().base_url)
    app.jinja_env.globals["file_limit"] = lambda: size(config.current().max_file_bytes)
    app.jinja_env.globals["built"] = built
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_SECONDS
    folder = Path(str(app.static_folder))
    app.after_request(_ask_again)
    app.url_defaults(lambda endpoint, values: _add_digest(folder, endpoint, values))


def ago(moment: datetime, since: datetime | None = None) -> str:
    """How long ago that was, in words; the date when it is more than a month."""
    seconds = ((since or now()) - moment).total_seconds()
    if seconds < MINUTE:
        return "just now"
    for unit, limit, name in STEPS:
        if seconds < limit:
            return _counted(int(seconds // unit), name)
    return moment.strftime("%-d %b %Y")


def size(size_bytes: int) -> str:
    """A size in bytes, KiB, MiB, GiB or TiB, with one decimal below 10; `size` in static/upload.js says the same."""
    if size_bytes < 1024:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    amount, units = size_bytes / 1024, ["KiB", "MiB", "GiB", "TiB"]
    while amount >= 1023.5 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    number = f"{amount:.1f}".removesuffix(".0") if amount < 9.95 else f"{amount:.0f}"
    return f"{number} {units[0]}"


def built(name: str) -> str | None:
    """The address of a script that the build made from packages, or None where it did not run."""
    made = Path(str(current_app.static_folder)) / BUILT / name
    return url_for("static", filename=f"{BUILT}/{name}") if made.is_file() else None


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
