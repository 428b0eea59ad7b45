"""All hand-ins of an assignment as one ZIP file, a folder for each person, as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from framework.browse.archives.contents import Member, read_members
from framework.browse.archives.forms import write_zip
from framework.browse.archives.planning import plan_archive
from framework.courses.models import Assignment
from framework.courses.table import Entrant
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL


def stream_hand_ins(assignment: Assignment, entrants: Sequence[Entrant]) -> Iterator[bytes]:
    """The snapshots of these people below a folder of the assignment's; of who was late, what they handed in.

    Who has neither has no folder. One copy is open at a time.

    Raises:
        What `open_copy` and `read_members` raise: within the stream, which cuts it off.
    """
    seconds = int(assignment.deadline.timestamp())
    yield from write_zip(_members(entrants), name=assignment.slug.encode(), comment=assignment.title, seconds=seconds)


def _members(entrants: Sequence[Entrant]) -> Iterator[Member]:
    for one in entrants:
        if one.final_sha is None or one.repository_id is None:
            continue
        folder = f"{one.person}{'-late' if one.state == 'late' else ''}/".encode()
        yield Member(folder, 0o40755, 0, iter(()))
        with open_copy(one.repository_id, FULL) as copy:
            for member in read_members(copy, plan_archive(copy, one.final_sha, "", everything=True)):
                yield replace(member, path=folder + member.path)
