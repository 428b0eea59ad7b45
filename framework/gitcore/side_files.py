"""Side files: what makes a repository faster to read; they lie beside a pack in the store, and nothing needs them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MIDX = "midx"
"""The index over all packs of a consolidation, which the bitmap needs (gitformat-pack(5))."""
BITMAP = "bitmap"
"""Which objects a commit reaches, over all packs of a consolidation (bitmap-format in Git's documentation)."""
GRAPH = "graph"
"""The commit-graph with changed paths (commit-graph-format in Git's documentation)."""
BUNDLE = "bundle"
"""What a bundle of the packs has before and behind their entries; no local copy needs it."""

INSTALLED = (MIDX, BITMAP, GRAPH)
CHECKSUM_BYTES = 20


@dataclass(frozen=True)
class SideFileRecord:
    """What SQL and the log say of a side file: its length in bytes and its SHA-256 in hex."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class MadeFile:
    """A side file on the local disk, and what is to be recorded of it."""

    path: Path
    recorded: SideFileRecord


def install(copy: Path, files: Mapping[str, Path]) -> None:
    """Move these files, by suffix, to where git looks for them in this copy, which has every pack that they name.

    The bitmap comes before the index that it belongs to: git takes the index as the sign that both are there.
    """
    if GRAPH in files:
        files[GRAPH].rename(copy / "objects" / "info" / "commit-graph")
    if MIDX in files:
        index = copy / "objects" / "pack" / "multi-pack-index"
        earlier = set(index.parent.glob("multi-pack-index-*"))
        bitmap = index.with_name(bitmap_name(files[MIDX]))
        if BITMAP in files:
            files[BITMAP].rename(bitmap)
        files[MIDX].rename(index)
        for file in earlier - {bitmap}:
            file.unlink()


def remove(copy: Path) -> None:
    """Take the side files out of this copy, before a pack goes that they name."""
    (copy / "objects" / "info" / "commit-graph").unlink(missing_ok=True)
    for file in sorted((copy / "objects" / "pack").glob("multi-pack-index*")):
        file.unlink()


def side_file_path(copy: Path, suffix: str) -> Path:
    """Where this copy has the side file of this suffix, or would."""
    index = copy / "objects" / "pack" / "multi-pack-index"
    if suffix == GRAPH:
        return copy / "objects" / "info" / "commit-graph"
    return index.with_name(bitmap_name(index)) if suffix == BITMAP and index.exists() else index


def bitmap_name(index: Path) -> str:
    """The name of the bitmap that belongs to this multi-pack-index: it holds the index's trailing checksum."""
    with index.open("rb") as file:
        file.seek(-CHECKSUM_BYTES, os.SEEK_END)
        return f"multi-pack-index-{file.read().hex()}.bitmap"
