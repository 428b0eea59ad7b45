"""Two well packed packs of what many hold, history and large blobs, with side files; in bounded memory."""

import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TextIO

from framework import config
from framework.files import sha256_of
from framework.gitcore import git, side_files
from framework.gitcore.lfs.references import find_pointed_objects
from framework.gitcore.pack_objects import DEADLINE_SECONDS, object_names, pack_objects
from framework.gitcore.packs import WrittenPack, measure_pack
from framework.gitcore.ref_names import HEADS
from framework.gitcore.side_files import BUNDLE, INSTALLED, MadeFile, SideFileRecord
from framework.repositories import object_keys
from framework.repositories.cache.copies import link_packs
from framework.repositories.cache.hydration import lay_out, pack_file, write_refs
from framework.repositories.catalog.pack_records import BLOBS, HISTORY, NewPack, StoredPack
from framework.repositories.catalog.snapshot import Snapshot
from framework.repositories.maintenance.large_files import PackFile, pack_large_files
from framework.repositories.serve import bundle
from framework.repositories.write.splitting import PushedPack

LONGEST_HINT = 200
"""Of a path only the end helps git to find similar objects, and it takes no line of any length."""


@dataclass(frozen=True)
class PackWorkspace:
    """The packs of one version in a private repository with its refs, which nothing that happens later changes."""

    path: Path
    snapshot: Snapshot
    packs: Sequence[StoredPack]

    def large_blobs(self, but: frozenset[str] = frozenset()) -> set[str]:
        """The blobs in its packs of large ones, those of packs of the names `but` left out."""
        chosen = [pack for pack in self.packs if pack.kind == BLOBS and pack.name not in but]
        return {name for pack in chosen for name in self.object_names(pack)}

    def object_names(self, pack: StoredPack) -> list[str]:
        """The objects in one of its packs, sorted."""
        return object_names(pack_file(self.path, pack.name, ".idx"))

    def swap(self, retired: Collection[str], made: Sequence[WrittenPack]) -> None:
        """Have these packs in the place of those that are to be retired, by name."""
        folder = self.path / "objects" / "pack"
        for name in retired:
            for suffix in (".idx", ".pack"):
                (folder / f"pack-{name}{suffix}").unlink()
        for pack in made:
            for file in (pack.pack, pack.idx):
                (folder / file.name).hardlink_to(file)

    def check_connected(self, known: Snapshot) -> None:
        """Walk everything that the refs reach and those of the version `known`, which is whole, do not.

        Raises:
            GitFailed: an object on the way is not there.
        """
        given = "".join(f"{tip}\n" for tip in self._tips(known)).encode()
        arguments = ("rev-list", "--objects", "--quiet", "--stdin")
        git.run(self.path, *arguments, given=given, deadline_seconds=DEADLINE_SECONDS)

    def lfs_objects(self, known: Snapshot | None = None) -> set[str]:
        """The Git LFS objects that the refs need, by SHA-256 (hex), without what only those of `known` reach."""
        return find_pointed_objects(self.path, self._tips(known), self.path)

    def _tips(self, known: Snapshot | None) -> list[str]:
        return [*self.snapshot.refs.values(), *(f"^{sha}" for sha in (known.refs.values() if known else ()))]


@dataclass
class Listing:
    """Which objects go where: a file of the names of small ones, a line each, and the large ones' sizes in bytes.

    `only_reached` says that the refs reach all of them.
    """

    history: Path
    large: dict[str, int] = field(default_factory=dict)
    only_reached: bool = True


def gather(repository_id: str, folder: Path) -> PackWorkspace:
    """Link the packs of the newest version into a private repository in this folder.

    Raises:
        What `lease_copy` raises.
    """
    path = folder / f"gathered-{object_keys.new_id()}.git"
    lay_out(path)
    snapshot, packs = link_packs(repository_id, path / "objects" / "pack")
    write_refs(path, snapshot)
    return PackWorkspace(path, snapshot, packs)


def list_everything(workspace: PackWorkspace) -> Listing:
    """Every object that is there, also what no ref reaches: it can be read by its name."""
    listing, rest, count = _empty(workspace), workspace.path / "names-of-rest", 0
    with rest.open("w") as small:
        for sha, size in _sizes(workspace.path, "--batch-all-objects", "--unordered"):
            count += 1
            if size is None:
                small.write(f"{sha}\n")
            else:
                listing.large[sha] = size
    with listing.history.open("w") as history, rest.open() as small:
        listing.only_reached = _write_hinted(workspace, listing, history) == count
        history.writelines(small)  # git takes each object once, with the first hint
    return listing


def list_reached(workspace: PackWorkspace) -> Listing:
    """What the refs reach, and nothing else."""
    listing = _empty(workspace)
    names = workspace.path / "reached"
    with names.open("w") as file:
        file.writelines(f"{line[:40]}\n" for line in _list_objects(workspace))
    with names.open("rb") as given:
        listing.large |= {sha: size for sha, size in _sizes(workspace.path, stdin=given) if size is not None}
    with listing.history.open("w") as history:
        _write_hinted(workspace, listing, history)
    return listing


def pack_history(workspace: PackWorkspace, listing: Listing) -> Path | None:
    """Everything but the large blobs; deltas that clients made are kept, and new ones sought where there was none."""
    return pack_objects(workspace.path, listing.history, workspace.path / "history", "--window=10", "--depth=50")


def pack_blobs(workspace: PackWorkspace, listing: Listing) -> Path | None:
    """The large blobs, each newest version whole, so that it can be read by one range."""
    folder = workspace.path / "objects" / "pack"
    consolidated = {(pack.epoch, pack.version) for pack in workspace.packs if pack.side_files}
    packs = [
        PackFile(folder / f"pack-{pack.name}.pack", neat=(pack.epoch, pack.version) in consolidated)
        for pack in workspace.packs
        if pack.kind == BLOBS
    ]
    return pack_large_files(workspace.path, packs, listing.large, workspace.path / "blobs.pack")


def name_packs(
    workspace: PackWorkspace, listing: Listing, history: Path | None, blobs: Path | None
) -> list[PushedPack]:
    """The packs under the names that they get, with their side files, in a repository that has no others."""
    alone = workspace.path / "alone.git"
    lay_out(alone)
    write_refs(alone, workspace.snapshot)
    made = [(HISTORY, history, {}), (BLOBS, blobs, listing.large)]
    named = [(kind, object_keys.new_id(), pack, sizes) for kind, pack, sizes in made if pack]
    written = [name_pack(alone, name, pack) for _kind, name, pack, _sizes_ in named]
    if history:
        added = _side_files(alone, workspace.snapshot, written, with_bundle=listing.only_reached)
        written[0] = replace(written[0], side_files=added)
    return [
        PushedPack(NewPack.of(name, kind, pack, sizes), pack)
        for (kind, name, _pack, sizes), pack in zip(named, written, strict=True)
    ]


def name_pack(repository: Path, name: str, pack: Path) -> WrittenPack:
    """Move the pack, with its index, to where it lies under this name in this repository."""
    target = pack_file(repository, name)
    pack.with_suffix(".idx").rename(target.with_suffix(".idx"))
    pack.rename(target)
    return measure_pack(target)


def _empty(workspace: PackWorkspace) -> Listing:
    return Listing(workspace.path / "names-of-history")


def _list_objects(workspace: PackWorkspace) -> Iterator[str]:
    """The objects that the refs reach, each with a path behind its name where it has one."""
    with git.start(workspace.path, "rev-list", "--objects", "--all", deadline_seconds=DEADLINE_SECONDS) as process:
        assert process.stdout
        for line in process.stdout:
            yield line.decode(errors="replace").rstrip("\n")


def _write_hinted(workspace: PackWorkspace, listing: Listing, history: TextIO) -> int:
    """Write the small objects that the refs reach, with their paths; how many the refs reach, large ones included."""
    count = 0
    for line in _list_objects(workspace):
        count += 1
        if line[:40] not in listing.large:
            history.write(f"{line[:41]}{line[41:][-LONGEST_HINT:]}\n")
    return count


def _sizes(path: Path, *options: str, stdin: int | IO[bytes] = subprocess.DEVNULL) -> Iterator[tuple[str, int | None]]:
    """Each object, with its size in bytes where it is a large blob."""
    threshold = config.current().large_blob_bytes
    arguments = ("cat-file", "--batch-check", "--buffer", *options)
    with git.start(path, *arguments, stdin=stdin, deadline_seconds=DEADLINE_SECONDS) as process:
        assert process.stdout
        for line in process.stdout:
            sha, kind, size = line.decode().split()
            yield sha, int(size) if kind == "blob" and int(size) >= threshold else None


def _side_files(
    alone: Path, snapshot: Snapshot, packs: Sequence[WrittenPack], *, with_bundle: bool
) -> dict[str, MadeFile]:
    index = ("multi-pack-index", "write", "--no-progress", "--bitmap", f"--preferred-pack={packs[0].pack.name}")
    graph = ("commit-graph", "write", "--no-progress", "--reachable", "--changed-paths")
    for command in (index, graph):
        git.run(alone, *command, deadline_seconds=DEADLINE_SECONDS)
    found = {suffix: side_files.side_file_path(alone, suffix) for suffix in INSTALLED}
    if snapshot.refs and with_bundle:  # what nobody asks for is sent to nobody
        found[BUNDLE] = alone / "bundle"
        bundle.write_ends(found[BUNDLE], snapshot.refs, snapshot.refs.get(HEADS + snapshot.default_branch), packs)
    return {suffix: _describe_side_file(file) for suffix, file in found.items() if file.exists()}


def _describe_side_file(file: Path) -> MadeFile:
    return MadeFile(file, SideFileRecord(file.stat().st_size, sha256_of(file)))
