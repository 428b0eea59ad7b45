"""Names that people and projects cannot take, because addresses of our own begin with them, now or later."""

from flask import current_app, has_app_context

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
SECOND_SEGMENTS = frozenset({"activity", "people", "projects", "repositories", "settings", "stars", "tokens"})


def reserved_for_people() -> frozenset[str]:
    """First segments of addresses, lower case: the application's routes and what may become one."""
    return FIRST_SEGMENTS | _segments_of_routes(0)


def reserved_for_projects() -> frozenset[str]:
    """Segments after the owner's that are no project."""
    return SECOND_SEGMENTS | _segments_of_routes(1)


def _segments_of_routes(depth: int) -> frozenset[str]:
    """The fixed segments at this depth of routes whose earlier segments are all variable."""
    if not has_app_context():
        return frozenset()
    paths = (rule.rule.strip("/").split("/") for rule in current_app.url_map.iter_rules())
    return frozenset(
        path[depth].lower()
        for path in paths
        if len(path) > depth and "<" not in path[depth] and all(part.startswith("<") for part in path[:depth])
    )
