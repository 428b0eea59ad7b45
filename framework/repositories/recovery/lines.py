"""Lines of history: the journal's entries that SQL does not know, each line up to its newest entry.

A database that goes on alone makes the journal fork. What grew from SQL's newest version is what SQL lacks; what grew
from an earlier one is another database's line, written beside this one's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from framework.repositories.journal.keys import JournalKey, Place
from framework.repositories.journal.reader import JournalLine


@dataclass(frozen=True)
class Line:
    """Entries that follow each other, oldest first, and the version of SQL or of the main line that they grew from."""

    entries: tuple[JournalLine, ...]
    base: JournalKey | None

    @property
    def newest(self) -> JournalLine:
        """The entry that nothing follows."""
        return self.entries[-1]


@dataclass(frozen=True)
class Lines:
    """The line that SQL is to go on with, None where its own is the one, and the others."""

    ahead: Line | None
    parallel: tuple[Line, ...]


@dataclass(frozen=True)
class _Node:
    """An entry, or a version that SQL knows (without a line): where it stands, and its hash."""

    place: Place
    entry_hash: str
    line: JournalLine | None = None


def find_lines(lines: Sequence[JournalLine], known: Mapping[Place, str]) -> Lines:
    """Sort these entries, which SQL does not know, into lines; `known` are the hashes of SQL's versions.

    Where an entry's predecessor is lost, it is taken to follow the newest version before it. Where SQL knows nothing,
    the line that got furthest is ahead.
    """
    nodes = {entry_hash: _Node(place, entry_hash) for place, entry_hash in known.items()}
    nodes |= {line.entry_hash: _Node(line.key.place, line.entry_hash, line) for line in lines}
    parents = {line.entry_hash: _parent(line, nodes) for line in lines}
    followed = {parent.entry_hash for parent in parents.values() if parent}
    ends = sorted((line for line in lines if line.entry_hash not in followed), key=lambda line: line.rank, reverse=True)
    own = max(known.items())[1] if known else None
    ahead = next((end for end in ends if _root(end, parents) == own), None)
    taken: set[str] = set()
    made = []
    for end in [*([ahead] if ahead else []), *(end for end in ends if end is not ahead)]:
        made.append(_line(end, parents, taken))
        taken.update(line.entry_hash for line in made[-1].entries)
    return Lines(made[0], tuple(made[1:])) if ahead else Lines(None, tuple(made))


def _parent(line: JournalLine, nodes: Mapping[str, _Node]) -> _Node | None:
    found = nodes.get(line.previous or "")
    if found or line.previous is None:
        return found
    before = [node for node in nodes.values() if node.place < line.key.place]
    return max(before, key=lambda node: node.place, default=None)


def _root(end: JournalLine, parents: Mapping[str, _Node | None]) -> str | None:
    """The hash of SQL's version that the entry's line grew from; None for one that began with the repository."""
    node = parents[end.entry_hash]
    while node and node.line:
        node = parents[node.entry_hash]
    return node.entry_hash if node else None


def _line(end: JournalLine, parents: Mapping[str, _Node | None], taken: set[str]) -> Line:
    """The entry and what led to it, back to what SQL knows or another line has."""
    entries, node = [end], parents[end.entry_hash]
    while node and node.line and node.entry_hash not in taken:
        entries.append(node.line)
        node = parents[node.entry_hash]
    base = JournalKey(end.key.repository_id, *node.place, node.entry_hash[:16]) if node else None
    return Line(tuple(reversed(entries)), base)
