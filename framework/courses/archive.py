"""All hand-ins of an assignment as one ZIP file, a folder for each person, as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from framework.browse.archives.contents import Member, read_members
from framework.browse.archives.forms import write_zip
from framework.browse.archives.planning import Archive, plan_archive
from framework.courses.models import Assignment
from framework.courses.teaching.lines import Entrant
from framework.errors import HoldfastError, Interrupted, NotFound
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.repair import hold_copy

MISSING = b"missing.txt"
"""Beside the folders: whose hand-in is not there, or not all of it, and why."""
LATE_FOLDER = "_late"
"""No user name has this in it, nor a dot, so that nobody's folder is another one's or hides the text."""


class HandInDeleted(NotFound):
    """The copy was deleted for good, and what was handed in with it; or it belongs to somebody else now."""

    def __init__(self) -> None:
        super().__init__("The copy was deleted for good, or handed over, by an owner of the group.")


def stream_hand_ins(assignment: Assignment, entrants: Sequence[Entrant]) -> Iterator[bytes]:
    """The snapshots of these people below a folder of the assignment's; of who was late, what they handed in or saved.

    Who has neither has no folder. One copy is open at a time; one that cannot be read is told of in `missing.txt`.

    Raises:
        What breaks off within a file, which cuts the stream off, and Interrupted.
    """
    seconds = int(assignment.deadline.timestamp())
    yield from write_zip(_members(entrants), name=assignment.slug.encode(), comment=assignment.title, seconds=seconds)


def _members(entrants: Sequence[Entrant]) -> Iterator[Member]:
    missing, folders = list[str](), set[str]()
    for one in entrants:
        if one.final_sha is None:
            continue
        try:
            yield from _read(one, one.final_sha, _choose_folder(one, folders))
        except Interrupted:
            raise
        except HoldfastError as failure:
            missing.append(f"{one.person}, version {one.final_sha}: {failure.sentence}\n")
    if missing:
        text = "".join(missing).encode()
        yield Member(MISSING, 0o100644, len(text), iter((text,)))


def _choose_folder(entrant: Entrant, taken: set[str]) -> str:
    """The person's name, with a number where somebody had it before whose account was deleted."""
    name = f"{entrant.person}{LATE_FOLDER if entrant.state == 'late' else ''}"
    chosen = name if name not in taken else f"{name}_{entrant.hand_in_id}"
    taken.add(chosen)
    return chosen


def _read(entrant: Entrant, sha: str, name: str) -> Iterator[Member]:
    if entrant.repository_id is None:
        raise HandInDeleted

    def plan(copy: Copy) -> tuple[Copy, Archive]:
        return copy, plan_archive(copy, sha, "", everything=True)

    (copy, archive), held = hold_copy(entrant.repository_id, plan, FULL)
    folder = f"{name}/".encode()
    with held:
        yield Member(folder, 0o40755, 0, iter(()))
        for member in read_members(copy, archive):
            yield replace(member, path=folder + member.path)
