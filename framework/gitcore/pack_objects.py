"""Packs made by git of objects that a file names, and the objects that an index names."""

from contextlib import closing
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import load_pack_index

from framework.gitcore import git

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


def object_names(idx: Path) -> list[str]:
    """The objects that a pack's index names, sorted."""
    with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
        return [entry[0].hex() for entry in index.iterentries()]
