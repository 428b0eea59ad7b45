"""Names that people and projects cannot take, because addresses of our own begin with them, now or later."""

from flask import Flask, current_app, has_app_context, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed

_WORDS = """
about abuse account accounts activity admin administrator analytics announcements api app apps archive assets auth
authorize backup backups billing blob blog branches browse bugs cache ci code collections commits compare config
contact contribute cookies create customers dashboard delete deploy developer developers diff discover discussions doc
docs download downloads edit embed enterprise error errors events explore export faq favicon features feed files
followers following forgot forum friends git gists groups guide health healthz help holdfast home hooks host hosting
icons images img import inbox index info install invite invites invitations issues jobs join js keys languages legal
lfs license links login logout logs mail mailer maintenance me members merge messages metrics mine mirrors moderator
monitoring new news newsletter notifications oauth official openid operations org organization organizations orgs
packages pages password payments people plans popular postmaster press pricing privacy private profile project
projects public pulls push queue ranking raw readyz recent register registration releases remove repo repos
repositories repository reset restore robots root rss save script scripts search security self server service services
session sessions settings setup share shop signin signout signup site sitemap snippets sponsors ssh staff starred
stars static stats status storage store support system tags tasks terms token tokens topics tos tour trash tree
trending undo unsubscribe update updates upload uploads users verify version versions webhook webhooks webmaster well-
known wiki work works www
"""
FIRST_SEGMENTS = frozenset(_WORDS.split())
OTHER_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SECOND_SEGMENTS = frozenset({"activity", "people", "projects", "repositories", "settings", "stars", "tokens"})


def register(app: Flask) -> None:
    """Have addresses of our own say which method they take, instead of looking for a person of that name."""
    app.before_request(_refuse_other_methods)


def _refuse_other_methods() -> None:
    """Raise 405 where a form is sent to the address, and a page is asked for."""
    first = request.path.split("/")[1]
    if first not in FIRST_SEGMENTS or request.url_rule is None or not request.url_rule.rule.startswith("/<owner>"):
        return
    allowed = [method for method in OTHER_METHODS if _takes(first, method)]
    if allowed:
        raise MethodNotAllowed(allowed)


def _takes(first: str, method: str) -> bool:
    """Whether an address of our own, whose first segment is no variable, takes this method at the request's path."""
    adapter = request_ctx.url_adapter
    assert adapter is not None
    try:
        rule, _arguments = adapter.match(method=method, return_rule=True)
    except HTTPException:
        return False
    return rule.rule.split("/")[1] == first


def list_reserved_for_people() -> frozenset[str]:
    """First segments of addresses, lower case: the application's routes and what may become one."""
    return FIRST_SEGMENTS | _segments_of_routes(0)


def list_reserved_for_projects() -> frozenset[str]:
    """Segments after the owner's that are no project."""
    return SECOND_SEGMENTS | _segments_of_routes(1)


def _segments_of_routes(depth: int) -> frozenset[str]:
    """The fixed segments at this depth of routes whose earlier segments are all variable; an application's stay."""
    if not has_app_context():
        return frozenset()
    known: dict[int, frozenset[str]] = current_app.extensions.setdefault("segments_of_routes", {})
    if depth not in known:
        known[depth] = _read_segments(depth)
    return known[depth]


def _read_segments(depth: int) -> frozenset[str]:
    paths = (rule.rule.strip("/").split("/") for rule in current_app.url_map.iter_rules())
    return frozenset(
        path[depth].lower()
        for path in paths
        if len(path) > depth and "<" not in path[depth] and all(part.startswith("<") for part in path[:depth])
    )
