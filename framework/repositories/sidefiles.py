"""Side files: what makes a repository faster to read; they lie beside a pack in the store, and nothing needs them."""

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

SUFFIXES = (MIDX, BITMAP, GRAPH, BUNDLE)
INSTALLED = (MIDX, BITMAP, GRAPH)


@dataclass(frozen=True)
class Recorded:
    """What SQL and the log say of a side file: its length in bytes and its SHA-256 in hex."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class MadeFile:
    """A side file on the local disk, and what is to be recorded of it."""

    path: Path
    recorded: Recorded
