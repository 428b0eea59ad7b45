"""The marker of a local copy: which version it is at, how complete, how large, and when it was last used."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time

from framework.files import read_whole
from framework.repositories.catalog.pack_records import HISTORY
from framework.repositories.catalog.snapshot import Snapshot

NAME = "holdfast.json"
FULL = "full"
LAYOUT = ("HEAD", "config", "objects/info", "objects/pack", "packed-refs", "refs")
"""What every copy has before its marker: without one of these git reads nothing there, or finds no refs."""

TOUCHED_EVERY_SECONDS = 10
_FIELDS = {"sided": "side_files_of", "crowded": "has_superseded_packs"}
"""What the file calls them: processes of the previous release read it, too, while the next one starts."""


@dataclass(frozen=True)
class Marker:
    """The newest thing written to a copy; without it the folder is what a killed process left.

    `kind` is `full` when the packs of large blobs are there, and side files as far as the store gave them, else
    `history`; `size_bytes` is what the packs take. `side_files_of` is the pack whose side files are installed. `packs`
    are those of the version; `has_superseded_packs` says that others still lie beside them, which were being read when
    they went out of use.
    """

    epoch: int
    version: int
    entry_hash: str | None
    kind: str
    size_bytes: int
    packs: Sequence[str]
    side_files_of: str | None
    has_superseded_packs: bool

    def serves(self, snapshot: Snapshot, kind: str) -> bool:
        """Whether a reader of this snapshot finds everything here."""
        return not self._place < (snapshot.epoch, snapshot.version) and kind in {HISTORY, self.kind}

    def contradicts(self, snapshot: Snapshot) -> bool:
        """Whether SQL, asked after the marker was read, knows less than the copy or tells another story."""
        here = (snapshot.epoch, snapshot.version)
        return self._place > here or (self._place == here and self.entry_hash != snapshot.entry_hash)

    @property
    def _place(self) -> tuple[int, int]:
        return self.epoch, self.version


def read_marker(copy: Path) -> Marker | None:
    """The marker of the copy in this folder; None where there is none, or one that this release cannot read.

    A disk that is emptied while the copy is brought forward leaves the marker of a copy that has gone: that is none.
    """
    try:
        written = json.loads((copy / NAME).read_bytes())
        found = Marker(**{_FIELDS.get(name, name): value for name, value in written.items()})
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return None
    return found if all(os.path.exists(f"{copy}/{part}") for part in LAYOUT) else None  # noqa: PTH110 # on each page


def write_marker(copy: Path, marker: Marker) -> None:
    """Write the marker at once, by a rename."""
    names = {field: name for name, field in _FIELDS.items()}
    replace_text(copy / NAME, json.dumps({names.get(field, field): value for field, value in asdict(marker).items()}))


def replace_text(path: Path, text: str) -> None:
    """Give the file this content by a rename, so that no reader sees half of it."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)


def names_entry(copy: Path, entry_hash: str | None) -> bool:
    """Whether the marker is of the version whose entry has this hash; it is looked at on each page, and not parsed."""
    try:
        written, _changed_at = read_whole(f"{copy}/{NAME}")
    except FileNotFoundError:
        return False
    return f'"entry_hash": {json.dumps(entry_hash)}'.encode() in written


def touch(copy: Path) -> None:
    """Note that the copy is used now; an evicted one is left alone."""
    with suppress(FileNotFoundError):
        os.utime(copy / NAME)


def touch_now_and_then(copy: Path) -> None:
    """The same unless that was noted a few seconds ago: no page has to write for it."""
    if time() - last_used(copy) >= TOUCHED_EVERY_SECONDS:
        touch(copy)


def last_used(copy: Path) -> float:
    """When the copy was last used, in seconds since the epoch; 0 for one without a marker."""
    try:
        return os.stat(f"{copy}/{NAME}").st_mtime  # noqa: PTH116
    except FileNotFoundError:
        return 0.0
