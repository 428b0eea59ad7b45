"""Packs made by git of objects that a file names, and what a pack says of itself."""

from contextlib import closing
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import load_pack_index

from framework.files import sha256_of
from framework.gitcore import git
from framework.gitcore.pack_writer import WrittenPack

DEADLINE_SECONDS = 3600
MEMORY_BYTES = 1 << 30


def pack_objects(repository: Path, names: Path, prefix: Path, *options: str) -> Path | None:
    """A pack `<prefix>-<hash>.pack` of the objects that this file names, a line each; None when it names none.

    Behind a name may stand a path, by which git finds similar objects. Deltas name their bases by offset.
    """
    if not names.stat().st_size:
        return None
    arguments = ("pack-objects", "-q", "--delta-base-offset", *options, str(prefix))
    with (
        names.open("rb") as given,
        git.start(
            repository, *arguments, stdin=given, deadline_seconds=DEADLINE_SECONDS, memory_bytes=MEMORY_BYTES
        ) as process,
    ):
        assert process.stdout
        made = process.stdout.read().decode().strip()
    return prefix.with_name(f"{prefix.name}-{made}.pack")


def object_count(pack: Path) -> int:
    """How many objects the pack says that it holds."""
    with pack.open("rb") as file:
        return int.from_bytes(file.read(12)[8:], "big")


def object_names(idx: Path) -> list[str]:
    """The objects that a pack's index names, sorted."""
    with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
        return [entry[0].hex() for entry in index.iterentries()]


def measure_pack(pack: Path, *, pack_sha256: str | None = None) -> WrittenPack:
    """What is to be recorded of a pack that lies with its index on the local disk; its hash where it is not known."""
    idx = pack.with_suffix(".idx")
    return WrittenPack(
        pack=pack,
        idx=idx,
        pack_bytes=pack.stat().st_size,
        pack_sha256=pack_sha256 or sha256_of(pack),
        idx_bytes=idx.stat().st_size,
        idx_sha256=sha256_of(idx),
        object_count=object_count(pack),
    )
