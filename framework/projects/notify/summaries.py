"""What a mail tells of a project: who did how much, and the newest versions with their addresses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from framework.projects.notify.notices import VERSIONS_REMOVED, WOKEN

LISTED = 10
NO_TITLE = "(no message)"


@dataclass(frozen=True)
class Happened:
    """One event: who did it, its kind and its details, as the activity has them."""

    actor: str
    kind: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class ActorStory:
    """What one person did: a sentence, the newest versions as (title, address), and how many more there are."""

    sentence: str
    lines: Sequence[tuple[str, str]]
    more: int


@dataclass(frozen=True)
class ProjectStory:
    """One project's part of a mail; `title` says it in a line."""

    name: str
    link: str
    title: str
    actors: Sequence[ActorStory]


def story(name: str, link: str, events: Sequence[Happened]) -> ProjectStory:
    """What these events, oldest first, come to."""
    actors = dict.fromkeys(event.actor for event in events)
    parts = [_of_actor(actor, link, [event for event in events if event.actor == actor]) for actor in actors]
    changes = [event for event in events if event.kind != WOKEN]
    return ProjectStory(name, link, _title(changes) if changes else "opened again", parts)


def _title(events: Sequence[Happened]) -> str:
    if len(events) == 1:
        [event] = events
        if event.kind == VERSIONS_REMOVED:
            return f"old versions of {event.details['path']} were removed"
        return str(event.details.get("title") or "") or "something was changed"
    actors = list(dict.fromkeys(event.actor for event in events))
    return f"{len(events):,} changes by {' and '.join(actors) if len(actors) < 3 else f'{len(actors)} people'}"


def _of_actor(actor: str, link: str, events: Sequence[Happened]) -> ActorStory:
    lines = [line for event in reversed(events) for line in _lines(link, event.details)]
    return ActorStory(f"{actor} {_and(list(_deeds(events)))}.", lines[:LISTED], max(0, len(lines) - LISTED))


def _lines(link: str, details: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The version that the event made, and what else came with a push."""
    if details.get("sha"):
        yield str(details.get("title") or NO_TITLE), f"{link}/commit/{details['sha']}"
    for title in (details.get("titles") or ())[1:]:
        yield title or NO_TITLE, f"{link}/commits/{quote(str(details.get('branch')))}"


def _deeds(events: Sequence[Happened]) -> Iterator[str]:
    """What one person did, kind by kind."""
    for kind, verb in (("upload", "uploaded"), ("commit", "changed")):
        files = [_file_count(event.details) for event in events if event.kind == kind]
        if files:
            versions = f" in {len(files):,} versions" if len(files) > 1 else ""
            yield f"{verb} {_format_count(sum(files), 'file')}{versions}"
    pushes = [event for event in events if event.kind == "push"]
    branches = dict.fromkeys(
        str(event.details[kind]) for event in pushes for kind in ("branch", "tag") if event.details.get(kind)
    )
    if branches:
        commits = sum(event.details.get("commits") or 0 for event in pushes)
        brought = f" {_format_count(commits, 'new commit')}" if commits else ""
        yield f"pushed{brought} to {_and(list(branches)[:LISTED])}"
    deleted = [str(event.details["deleted"]) for event in pushes if event.details.get("deleted")]
    if deleted:
        yield f"deleted {_and(deleted[:LISTED])}"
    for event in events:
        if event.kind == VERSIONS_REMOVED:
            yield f"removed old versions of {event.details['path']} from the history: please clone the project again"
        if event.kind == WOKEN:
            yield f"opened it again, after {event.details['days']} days without a visit"


def _file_count(details: Mapping[str, Any]) -> int:
    return int(details.get("file_count") or len(details.get("files") or ()))


def _format_count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else "changed something"
