"""Profile pages: the projects of a person or a group, and what happened in them, as far as the viewer may see."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template, request

from framework.accounts.signin.login import current_account
from framework.browse.render.rendering import render_note
from framework.profiles.reading import read_about
from framework.projects.core.queries import Person, find_projects_of, list_owned_projects, read_profile
from framework.projects.notify.activity import EVER, PAGE, read_activity_in
from framework.web.moved import redirect_reader
from framework.web.paging import page_number

profiles = Blueprint("profiles", __name__)

LONGEST_QUERY = 200
MOST_PROJECTS = 100
"""Activity is that of so many projects, those that changed last."""
NAME = "name"
LAST_MICROSECOND = 253_402_300_799 * 10**6


@profiles.get("/<owner>")
def show(owner: str) -> str:
    """Projects: filtered by a word, the latest change first or by name."""
    person, viewer = _find(owner), current_account()
    query, by_name = _query(), request.args.get("sort") == NAME
    listing = list_owned_projects(person, viewer, page_number(request.args), text=query, by_name=by_name)
    return _render(person, "projects", listing=listing, query=query, by_name=by_name)


@profiles.get("/<owner>/activity")
def activity(owner: str) -> str:
    """What a person did, or what happened in a group's projects, day by day."""
    person = _find(owner)
    projects = find_projects_of(person, current_account(), MOST_PROJECTS)
    actor_id = None if person.is_group else person.id
    events = read_activity_in(projects, actor_id=actor_id, before=_before()) if projects else []
    shown = events[:PAGE]
    older = (shown[-1].created_at - EVER) // timedelta(microseconds=1) if len(events) > PAGE else None
    return _render(person, "activity", events=shown, older=older)


def _find(owner: str) -> Person:
    person = read_profile(owner, current_account())
    if person.name.casefold() != owner.casefold():
        redirect_reader(owner=person.name)
    return person


def _query() -> str:
    return request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]


def _before() -> datetime | None:
    """The moment of `?before=`, in microseconds since 1970; None where it is none."""
    given = request.args.get("before", "")
    if not (given.isascii() and given.isdecimal() and len(given) < 20):
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=min(int(given), LAST_MICROSECOND))


def _render(person: Person, tab: str, **facts: object) -> str:
    about = read_about(person, current_account())
    shown = {"person": person, "about": about, "text": render_note(about.text.about), "tab": tab}
    return render_template(f"profiles/{tab}.html", **shown, **facts)
