"""Quarantine: a private bare repository in scratch where a pack is received and checked before anybody can read it.

Its alternates are hard links to exactly the packs that the newest version names, so that nothing else that lies on the
disk can stand in for an object that the push lacks.
"""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

from framework.files import sha256_of, split_chunks
from framework.gitcore import git
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.pack_objects import pack_objects
from framework.gitcore.packs import HashingReader, object_count
from framework.repositories import object_keys
from framework.repositories.cache.copies import VersionAndPacks, link_packs
from framework.repositories.cache.hydration import lay_out
from framework.repositories.catalog.snapshot import Snapshot
from framework.repositories.write.inventory import (
    DeltaTooLarge,
    Inventory,
    Limits,
    ObjectsMissing,
    PackRefused,
)
from framework.repositories.write.received.scan import NOTHING_CLEARED, Clearing, scan_beside
from framework.repositories.write.received.stock import ReceivedPack, list_unclear, match_scan
from framework.repositories.write.received.titles import LONGEST_TITLE_BYTES, read_titles
from framework.repositories.write.received_objects import DEADLINE_SECONDS, ReceivedObjects

INDEXING_THREADS = 1  # each would hold a delta's base and what it makes of it
SPARE_OBJECT_BYTES = 1 << 20
MOST_ADDED_PATHS = 50_000
OVER_LIMIT = "over limit"
LACKING = "did not receive expected object"
UNREAD = b" missing\n"

DOWNGRADED = ",".join(f"{message}=ignore" for message in git.FSCK_IGNORED)


class Quarantine(ReceivedObjects):
    """One push's objects, and those of the version that it is pushed onto."""

    def __init__(
        self,
        folder: Path,
        repository_id: str,
        clearing: Clearing = NOTHING_CLEARED,
        *,
        known: VersionAndPacks | None = None,
    ) -> None:
        super().__init__(folder, folder / "quarantine.git")
        self._repository_id, self._clearing = repository_id, clearing
        self._received: ReceivedPack | None = None
        self._came = HashingReader(())
        lay_out(self.path)
        (self.path / "HEAD").write_text("ref: refs/heads/main\n")
        self.snapshot = self.follow(known)

    def follow(self, known: VersionAndPacks | None = None) -> Snapshot:
        """Take the newest version's packs as those that the push builds upon; `known` as in `link_packs`.

        Raises:
            What `lease_copy` raises.
        """
        base = self._folder / f"base-{object_keys.new_id()}"
        (base / "pack").mkdir(parents=True)
        self.snapshot, packs = link_packs(self._repository_id, base / "pack", known)
        self._builds_on_nothing = not packs
        self._base = base
        (self.path / "objects" / "info" / "alternates").write_text(f"{base}\n")
        return self.snapshot

    def take(self, chunks: Iterable[bytes], limit_bytes: int, object_bytes: int) -> Path | None:
        """Index the pack that these chunks are, completed where it is thin; None for one without an object.

        Git looks at what a delta says it will become before it makes room for it: no more than `object_bytes`.

        Raises:
            PackRefused, ObjectsMissing, DeltaTooLarge: git does not take it; the chunks may not have been read to their
            end.
        """
        arguments = ["index-pack", "--stdin", "--fix-thin", f"--threads={INDEXING_THREADS}"]
        arguments += [f"--strict={DOWNGRADED}", f"--max-input-size={limit_bytes}"]
        try:
            with (
                scan_beside(self._clearing) as scan,
                git.start(
                    self.path,
                    *arguments,
                    stdin=subprocess.PIPE,
                    deadline_seconds=DEADLINE_SECONDS,
                    environment={"GIT_ALLOC_LIMIT": str(object_bytes + SPARE_OBJECT_BYTES)},
                ) as process,
            ):
                assert process.stdin
                assert process.stdout
                self._came = HashingReader(scan.watch(chunks))
                _feed(process.stdin, self._came)
                process.stdout.read()
        except git.GitCutOff:
            raise
        except git.GitFailed as failure:
            if OVER_LIMIT in failure.said:
                raise DeltaTooLarge from failure
            raise (ObjectsMissing() if LACKING in failure.said else PackRefused(failure.said)) from failure
        pack = next((self.path / "objects" / "pack").glob("*.pack"))
        self._received = match_scan(scan, pack)
        if self._received:
            self.held = self._received.held
        return pack if object_count(pack) else None

    def sha256_of(self, pack: Path) -> str:
        """The SHA-256 of this pack, in hex: known already when it lies here as it came."""
        return self._came.digest.hexdigest() if self._came.is_in(pack) else sha256_of(pack)

    def inventory(self, pack: Path, limits: Limits) -> Inventory:
        """Kinds and sizes of all objects of the pack, and the names of those that the scan did not clear."""
        folder = self._folder
        found = Inventory(folder / "trees", folder / "small", folder / "brief", folder / "unsearched")
        if self._received:
            list_unclear(found, self._received.scanned, self._received.names, limits)
        else:
            self._list_all(found, pack, limits)
        return found

    def _list_all(self, found: Inventory, pack: Path, limits: Limits) -> None:
        """The same by git, of a pack that the scan did not understand."""
        found.unsearched, found.unsearched_large = found.small, found.large
        with found.trees.open("wb") as trees, found.small.open("wb") as small, found.brief.open("wb") as brief:
            for line in self._objects(pack):
                sha, kind, digits = line.split()
                size = int(digits)
                found.inflated_bytes += size
                if size > (limits.blob_bytes if kind == b"blob" else limits.other_bytes):
                    found.oversized.append((sha.decode(), kind.decode(), size))
                if kind == b"tree":
                    trees.write(sha + b"\n")
                elif kind == b"blob" and size in lfs_pointer.SIZES:
                    brief.write(sha + b"\n")
                if kind == b"blob" and size >= limits.large_blob_bytes:
                    found.large[sha.decode()] = size
                else:
                    small.write(sha + b"\n")

    def check_connected(self, tips: Iterable[str]) -> None:
        """Walk everything from these tips that the refs of the version do not reach.

        Of a pack that builds on nothing index-pack has followed every link within it already (`--strict`).

        Raises:
            ObjectsMissing: an object on the way is not there.
        """
        if self._builds_on_nothing:
            self._check_there(tips)
        else:
            self._walk(self.path, tips)

    def _check_there(self, tips: Iterable[str]) -> None:
        if "missing" in self.kinds(list(tips)):
            raise ObjectsMissing

    def check_connected_as_sent(self, tips: Iterable[str], packs: Iterable[Path]) -> None:
        """The same where of all that was received only these packs count: what is not sent is not there.

        Raises:
            ObjectsMissing: an object on the way is neither in them nor in the version's packs.
        """
        sent = self._bare(f"sent-{object_keys.new_id()}.git", packs)
        (sent / "objects" / "info" / "alternates").write_text(f"{self._base}\n")
        self._walk(sent, tips)

    def descends(self, new: str, old: str) -> bool:
        """Whether the commit `old` is in the history of `new`."""
        return not git.run(self.path, "rev-list", "--max-count=1", old, f"^{new}")

    def new_commits(self, tip: str, limit: int) -> tuple[int, list[str]]:
        """How many commits the tip brings that the version's refs do not reach, and the newest ones' titles.

        The first is the tip's own.
        """
        titles = self.held.titles(tip) if self._builds_on_nothing else None
        if titles is not None:
            return len(titles), [title[:LONGEST_TITLE_BYTES] for title in titles[:limit]]
        arguments = ("rev-list", "--stdin", "--no-commit-header", "--format=%s")
        with (
            self._spool_names(self._revisions([tip])) as given,
            self._start(*arguments, stdin=given) as process,
        ):
            assert process.stdout
            return read_titles(process.stdout, limit)

    def title(self, tip: str) -> str:
        """The first line of the message of the commit that this name, or this tag's name, stands for."""
        arguments = ("rev-list", "--max-count=1", "--no-commit-header", "--format=%s", tip)
        with self._start(*arguments, stdin=subprocess.DEVNULL) as process:
            assert process.stdout
            _count, titles = read_titles(process.stdout, 1)
        return titles[0].strip() if titles else ""

    def path_of(self, sha: str, tips: Iterable[str]) -> str:
        """A path under which the tips' histories hold this object."""
        with (
            self._spool_names(self._revisions(tips)) as given,
            self._start("rev-list", "--objects", "--stdin", stdin=given) as process,
        ):
            assert process.stdout
            found = [line for line in process.stdout if line.startswith(sha.encode())]
        return found[0][41:].decode(errors="replace").strip() if found else sha[:10]

    def added_names(self, tips: Iterable[str], limit: int) -> set[str]:
        """The names of files, and of folders above them, that the newest `limit` commits of these tips add.

        Of very many only some; none where a tip is no commit.
        """
        options = ("--stdin", "--format=", "--name-only", "-z", "--diff-filter=A", "--no-renames")
        names: set[str] = set()
        with (
            suppress(git.GitFailed),  # also because nobody reads to its end
            self._spool_names(self._revisions(tips)) as given,
            self._start("log", f"--max-count={limit}", *options, stdin=given) as process,
        ):
            paths = islice(split_chunks(git.chunks(process)), MOST_ADDED_PATHS)
            names.update(name for path in paths for name in path.decode(errors="surrogateescape").split("/"))
        return names

    def repack(self, names: Path, prefix: str, *options: str) -> Path | None:
        """A pack of the received objects that this file names; None when it names none."""
        return pack_objects(self.path, names, self._folder / prefix, *options)

    def _walk(self, repository: Path, tips: Iterable[str]) -> None:
        try:
            git.run(
                repository,
                *("rev-list", "--objects", "--quiet", "--stdin"),
                given=self._revisions(tips),
                deadline_seconds=DEADLINE_SECONDS,
            )
        except git.GitCutOff:
            raise
        except git.GitFailed as failure:
            raise ObjectsMissing from failure

    def _objects(self, pack: Path) -> Iterator[bytes]:
        """A line for each object: name, kind, and size in bytes; in the order of the pack, which is complete.

        Raises:
            PackRefused: git has indexed it, and cannot read it.
        """
        alone = self._bare(f"alone-{object_keys.new_id()}.git", [pack])
        arguments = ("cat-file", "--batch-check", "--batch-all-objects", "--unordered", "--buffer")
        try:
            with git.start(alone, *arguments, deadline_seconds=DEADLINE_SECONDS) as process:
                assert process.stdout
                for line in process.stdout:
                    if line.endswith(UNREAD):
                        raise PackRefused(f"error: the object {line[:10].decode()} cannot be read from the pack")
                    yield line
        except git.GitCutOff:
            raise
        except git.GitFailed as failure:
            raise PackRefused(failure.said) from failure

    def _bare(self, name: str, packs: Iterable[Path]) -> Path:
        """A repository that holds these packs and nothing else."""
        path = self._folder / name
        lay_out(path)
        (path / "HEAD").write_text("ref: refs/heads/main\n")
        for pack in packs:
            for file in (pack, pack.with_suffix(".idx")):
                (path / "objects" / "pack" / file.name).hardlink_to(file)
        return path

    def _revisions(self, tips: Iterable[str]) -> bytes:
        known = set(self.snapshot.refs.values())
        return "".join([*(f"{tip}\n" for tip in tips), *(f"^{sha}\n" for sha in known)]).encode()


def _feed(stdin: IO[bytes], chunks: Iterable[bytes]) -> None:
    """Hand the chunks on until git has had enough: it says why when it ends."""
    with suppress(BrokenPipeError):
        for chunk in chunks:
            stdin.write(chunk)
    with suppress(BrokenPipeError):
        stdin.close()
