"""What a project's bytes are: the newest files, older versions and the rest, and the files whose versions take most.

A file's versions take what their entries in packs take, as the packs' indexes tell, and the Git LFS objects that they
stand for. Without its old ones the store would be free of those entries and objects that nothing else needs. That is
exact for what is stored now; the purge that follows packs the rest anew, mostly smaller, and tells what it freed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import load_pack_index

from framework.celery.jobs import Work
from framework.errors import TooLarge
from framework.files import split_chunks
from framework.gitcore import git
from framework.gitcore.commit_objects import read_commit
from framework.gitcore.lfs.references import find_pointers
from framework.gitcore.modes import SUBMODULE
from framework.gitcore.packs import BLOB, COMMIT, TRAILER_BYTES, TREE
from framework.gitcore.ref_names import HEADS
from framework.repositories.cache.copies import MOST_LOOKS, CopyContended
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.hydration import pack_file
from framework.repositories.cache.repair import read_copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.file_surveys import FileVersions, Survey
from framework.repositories.catalog.pack_records import StoredPack
from framework.repositories.catalog.snapshot import read_snapshot_and_packs
from framework.repositories.old_versions.tables import NEWEST, REACHED, Tables, open_tables
from framework.repositories.old_versions.trees import (
    TreeReader,
    find_tip,
    list_commits,
    split_path,
)

COUNT_SECONDS = 600
"""Others wait for the worker meanwhile."""
LISTED_FILES = 10
LISTED_REFS = 200
HEADER_BYTES = 12
NEWS_EVERY = 1000


class HistoryTooLong(TooLarge):
    """The walk of the history did not end within the time that there is for it."""

    def __init__(self) -> None:
        super().__init__("The history of this project is too long to be counted within ten minutes.")


class _Moved(Exception):
    """Another version came between two looks."""


def survey(repository_id: str, work: Work) -> Survey:
    """Count what is stored of the newest version; large files are not read, nor fetched where they are not here.

    Raises:
        HistoryTooLong. What `read_copy` raises.
    """
    for _look in range(MOST_LOOKS):
        try:
            return read_copy(repository_id, lambda copy: _survey(copy, work))
        except _Moved:
            continue
    raise CopyContended


def _survey(copy: Copy, work: Work) -> Survey:
    snapshot, packs = read_snapshot_and_packs(copy.snapshot.repository_id)
    if snapshot != copy.snapshot:
        raise _Moved
    with scratch("survey") as folder, open_tables(folder) as tables:
        try:
            return _Counting(copy, folder, tables, work).run(packs)
        except git.GitTooSlow as slow:
            raise HistoryTooLong from slow


@dataclass
class _Listed:
    """A file whose versions take much, and what a history without its old ones would be."""

    path: bytes
    steps: tuple[bytes, ...]
    kept: set[str] = field(default_factory=set)
    newest: str | None = None
    commits: int = 0
    refs: list[str] = field(default_factory=list)


class _Counting:
    def __init__(self, copy: Copy, folder: Path, tables: Tables, work: Work) -> None:
        self._copy, self._folder, self._tables, self._work = copy, folder, tables, work
        self._trees = TreeReader(copy)
        self._tips = {name: find_tip(copy, sha) for name, sha in copy.snapshot.refs.items()}
        self._deadline = monotonic() + COUNT_SECONDS

    def run(self, packs: Sequence[StoredPack]) -> Survey:
        self._work.say("Measuring what is stored")
        self._add_packs(packs)
        self._work.say("Reading the history")
        self._mark()
        self._add_versions()
        self._add_lfs()
        self._work.say("Comparing the largest files")
        found = self._tables.largest(LISTED_FILES)
        listed = [_Listed(path, split_path(_as_text(path))) for _id, path, _count, _bytes in found]
        self._keep_tips(listed)
        self._walk(listed)
        files = [self._describe(row, one) for row, one in zip(found, listed, strict=True)]
        snapshot, parts = self._copy.snapshot, Counter(self._tables.parts())
        parts["indexes"] = sum(pack.stored_bytes - pack.pack_bytes + HEADER_BYTES + TRAILER_BYTES for pack in packs)
        return Survey(snapshot.epoch, snapshot.version, dict(parts), tuple(files))

    def _add_packs(self, packs: Sequence[StoredPack]) -> None:
        for number, pack in enumerate(packs):
            idx = pack_file(self._copy.path, pack.name, ".idx")
            with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
                entries = ((bytes(name), offset) for name, offset, _crc in index.iterentries())
                self._tables.add_pack(number, entries, pack.pack_bytes - TRAILER_BYTES)
        self._tables.measure_objects()

    def _mark(self) -> None:
        """Note which objects the refs reach, and which the newest trees have."""
        if not self._tips:
            return
        for state, options in ((REACHED, ()), (NEWEST, ("--no-walk=unsorted",))):
            arguments = ("rev-list", "--objects", "--missing=print", *options, "--stdin")
            lines = self._run(arguments, self._copy.snapshot.refs.values())
            self._tables.mark((_name_in(line) for line in lines), state)
        self._tables.pin(bytes.fromhex(tip.sha) for tip in self._tips.values() if tip.kind == BLOB)

    def _add_versions(self) -> None:
        commits = [tip.sha for tip in self._tips.values() if tip.kind == COMMIT]
        if commits:
            self._tables.add_versions(self._list_versions(commits))
        for tip in self._tips.values():
            if tip.kind == TREE:
                self._tables.add_versions(self._list_files(tip.sha))
        self._tables.index_versions()

    def _list_versions(self, commits: Sequence[str]) -> Iterator[tuple[bytes, bytes, bool]]:
        """Each file that a commit brought: a merge brings what none of its parents has (git-diff-tree(1), `-c`)."""
        arguments = ("log", "-c", "--raw", "-z", "--no-abbrev", "--no-renames", "--format=", "--stdin")
        fields = self._run(arguments, commits, end=b"\0")
        for text in fields:
            meta = text.lstrip(b"\n")
            if meta.startswith(b":"):
                parents = len(meta) - len(meta.lstrip(b":"))
                found = meta[parents:].split()
                yield from _version(next(fields), int(found[parents], 8), found[2 * parents + 1])

    def _list_files(self, tree: str) -> Iterator[tuple[bytes, bytes, bool]]:
        for entry in self._run(("ls-tree", "-r", "-z", "--full-tree", tree), (), end=b"\0"):
            facts, _tab, path = entry.partition(b"\t")
            mode, _kind, sha = facts.split()
            yield from _version(path, int(mode, 8), sha)

    def _add_lfs(self) -> None:
        repository_id = self._copy.snapshot.repository_id
        named = lfs_objects.read_all_named(repository_id, until=self._copy.snapshot.version)
        if not named:
            return
        names = self._folder / "blobs"
        with names.open("w") as file:
            file.writelines(f"{name.hex()}\n" for name in self._tables.blobs())
        pointers = find_pointers(self._copy.path, names, self._folder)
        self._tables.add_lfs(
            ((bytes.fromhex(one.oid), one.size_bytes) for one in named),
            ((bytes.fromhex(sha), bytes.fromhex(pointer.oid)) for sha, pointer in pointers),
        )

    def _keep_tips(self, listed: Sequence[_Listed]) -> None:
        """Find which versions of these files branches and tags end with; the default branch's is the newest."""
        default = self._tips.get(HEADS + self._copy.snapshot.default_branch)
        for one in listed:
            for tip in sorted(self._tips.values(), key=lambda tip: tip is not default):
                entry = self._trees.find(tip.tree, one.steps) if tip.tree else None
                if entry and entry.is_file:
                    one.newest = one.newest or entry.sha
                    one.kept.add(entry.sha)

    def _walk(self, listed: Sequence[_Listed]) -> None:
        """Count the commits that would be other ones: those with an old version, and all that build upon them."""
        masks = dict[str, int]()
        tips = [tip.sha for tip in self._tips.values() if tip.kind == COMMIT]
        commits = self._list_commits(tips) if tips and listed else iter(())
        for number, sha in enumerate(commits, 1):
            if mask := self._mask_of(sha, listed, masks):
                masks[sha] = mask
            if number % NEWS_EVERY == 0:
                self._work.say(f"Comparing the largest files in {number:,} commits")
                self._refuse_too_long()
        for bit, one in enumerate(listed):
            one.commits = sum(mask >> bit & 1 for mask in masks.values())
            one.refs = [name for name, tip in self._tips.items() if masks.get(tip.sha, 0) >> bit & 1]

    def _mask_of(self, sha: str, listed: Sequence[_Listed], masks: Mapping[str, int]) -> int:
        """A bit for each of the files whose old versions this commit or one before it has."""
        commit = read_commit(sha, self._copy.read_object(sha)[1])
        mask, tree = 0, commit.tree.decode()
        for parent in commit.parents:
            mask |= masks.get(parent.decode(), 0)
        for bit, one in enumerate(listed):
            if not mask >> bit & 1:
                entry = self._trees.find(tree, one.steps)
                mask |= (entry is not None and entry.is_file and entry.sha not in one.kept) << bit
        return mask

    def _describe(self, row: tuple[int, bytes, int, int], one: _Listed) -> FileVersions:
        path_id, path, count, size_bytes = row
        self._tables.keep(path_id, map(bytes.fromhex, one.kept))
        return FileVersions(
            path=_as_text(path),
            versions=count,
            size_bytes=size_bytes,
            newest_bytes=self._tables.size_bytes(bytes.fromhex(one.newest)) if one.newest else None,
            old_versions=self._tables.old_count(path_id),
            freed_bytes=self._tables.freed_bytes(path_id),
            commits=one.commits,
            refs=tuple(sorted(one.refs)[:LISTED_REFS]),
            ref_count=len(one.refs),
            kept=tuple(sorted(one.kept)),
        )

    def _run(self, arguments: Sequence[str], tips: Iterable[str], end: bytes = b"\n") -> Iterator[bytes]:
        """What git prints for these objects, piece by piece."""
        given = self._folder / "given"
        given.write_text("".join(f"{tip}\n" for tip in tips))
        with (
            given.open("rb") as stdin,
            git.start(self._copy.path, *arguments, stdin=stdin, deadline_seconds=self._left_seconds()) as process,
        ):
            yield from split_chunks(git.chunks(process), end)
            self._refuse_too_long()

    def _list_commits(self, tips: Sequence[str]) -> Iterator[str]:
        return list_commits(self._copy, self._folder, tips, deadline_seconds=self._left_seconds())

    def _left_seconds(self) -> float:
        self._refuse_too_long()
        return max(1.0, self._deadline - monotonic())

    def _refuse_too_long(self) -> None:
        if monotonic() > self._deadline:
            raise HistoryTooLong


def _version(path: bytes, mode: int, sha: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """A file of a tree; nothing for what is gone, and for a submodule, which is a commit of elsewhere."""
    if mode not in {0, SUBMODULE}:
        yield path, bytes.fromhex(sha.decode()), mode >> 12 == 0o10


def _name_in(line: bytes) -> bytes:
    return bytes.fromhex(line.lstrip(b"?")[:40].decode())


def _as_text(path: bytes) -> str:
    return path.decode(errors="surrogateescape")
