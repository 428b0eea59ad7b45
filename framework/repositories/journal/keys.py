"""The names of the journal's objects in the store, what they tell before anything is read, and objects read by them."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from framework.errors import Unavailable
from framework.repositories import object_keys
from framework.storage.contract import ObjectMissing, StoredObject
from framework.storage.current import store

FORMAT = 2
"""What this release writes. Entries of format 1 had the complete state of their version; there were no checkpoints."""

Place = tuple[int, int]
"""Epoch and version: where in a repository's history something stands."""
NO_VERSION: Place = (0, 0)
Settled = tuple[Place, str]
"""Place and beginning of the hash of an entry that a recovery has dealt with."""

_ENTRY = re.compile(r"repos/([0-9a-f]{32})/log/([0-9]{6})/([0-9]{10})-([0-9a-f]{16})\.json")
_CHECKPOINT = re.compile(
    r"repos/([0-9a-f]{32})/checkpoints/([0-9]{6})/([0-9]{10})-([0-9a-f]{16})-([0-9a-f]{16})\.json\.gz"
)


@dataclass(frozen=True, order=True)
class JournalKey:
    """The name of one version's entry: it tells where the version stands and how its hash begins."""

    repository_id: str
    epoch: int
    version: int
    hash_start: str

    @property
    def key(self) -> str:
        """Where the entry lies in the store."""
        return object_keys.journal_key(self.repository_id, self.epoch, self.version, self.hash_start)

    @property
    def place(self) -> Place:
        """Where the version stands."""
        return self.epoch, self.version

    @property
    def settled(self) -> Settled:
        """How a recovery notes that it has dealt with the entry."""
        return self.place, self.hash_start

    @property
    def place_text(self) -> str:
        """`version` or `version of epoch`, for a sentence."""
        return f"{self.version}" if self.epoch == 1 else f"{self.version} of epoch {self.epoch}"

    def names(self, entry_hash: str) -> bool:
        """Whether this is the key of the entry that has this hash."""
        return entry_hash.startswith(self.hash_start)


@dataclass(frozen=True, order=True)
class CheckpointKey:
    """The name of a checkpoint: the entry of its version, and how the checkpoint's own hash begins."""

    entry: JournalKey
    hash_start: str

    @property
    def key(self) -> str:
        """Where the checkpoint lies in the store."""
        entry = self.entry
        return object_keys.checkpoint_key(
            entry.repository_id, entry.epoch, entry.version, entry.hash_start, self.hash_start
        )

    def names(self, checkpoint_hash: str) -> bool:
        """Whether this is the key of the checkpoint that has this hash."""
        return checkpoint_hash.startswith(self.hash_start)


@dataclass(frozen=True)
class Journal:
    """The names of what one repository's journal has in the store: entries and checkpoints, oldest first."""

    entries: tuple[JournalKey, ...] = ()
    checkpoints: tuple[CheckpointKey, ...] = ()

    @property
    def checkpointed(self) -> set[str]:
        """The first 16 hex digits of the hashes of entries whose versions have a checkpoint."""
        return {checkpoint.entry.hash_start for checkpoint in self.checkpoints}


class JournalDamaged(Unavailable):
    """An object of the journal is missing, is not what its key promises, or is of a newer release."""

    def __init__(self, key: str, subject: str, what: str) -> None:
        super().__init__(f"{key}, {subject}, {what}.")


class EntryDamaged(JournalDamaged):
    """An entry cannot be read, and with it its version."""

    def __init__(self, key: JournalKey, what: str) -> None:
        super().__init__(key.key, f"the journal entry of version {key.place_text}", what)
        self.key = key


class CheckpointDamaged(JournalDamaged):
    """A checkpoint cannot be read; an earlier one and the entries since contain the same."""

    def __init__(self, key: CheckpointKey, what: str) -> None:
        super().__init__(key.key, f"the journal's checkpoint of version {key.entry.place_text}", what)


def read_document(
    key: JournalKey | CheckpointKey, unpack: Callable[[bytes], bytes] = bytes
) -> tuple[str, dict[str, Any]]:
    """The object's SHA-256 in hex, and the JSON object in it, checked against its key.

    Raises:
        EntryDamaged, CheckpointDamaged: it is missing, altered, or of a newer format.
    """
    try:
        data = store().read(key.key)
    except ObjectMissing as error:
        raise _damaged(key, "is missing in the object store") from error
    found = hashlib.sha256(data).hexdigest()
    if not key.names(found):
        raise _damaged(key, "is damaged: its bytes are not those that its name promises")
    document: dict[str, Any] = json.loads(unpack(data))
    if document["format"] > FORMAT:
        raise _damaged(key, f"has the format {document['format']}, which a newer release wrote; update first")
    return found, document


def _damaged(key: JournalKey | CheckpointKey, what: str) -> JournalDamaged:
    return EntryDamaged(key, what) if isinstance(key, JournalKey) else CheckpointDamaged(key, what)


def journal_keys(listed: Iterable[StoredObject]) -> list[JournalKey]:
    """The keys of journal entries among the listed objects, in their order."""
    found = (_ENTRY.fullmatch(entry.key) for entry in listed)
    return [JournalKey(match[1], int(match[2]), int(match[3]), match[4]) for match in found if match]


def checkpoint_keys(listed: Iterable[StoredObject]) -> list[CheckpointKey]:
    """The keys of checkpoints among the listed objects, in their order."""
    found = (_CHECKPOINT.fullmatch(entry.key) for entry in listed)
    return [
        CheckpointKey(JournalKey(match[1], int(match[2]), int(match[3]), match[4]), match[5])
        for match in found
        if match
    ]


def list_entries(repository_id: str, since: Place = NO_VERSION) -> list[JournalKey]:
    """The keys of a repository's entries from this version on, oldest first: one request for each thousand."""
    prefix = f"repos/{repository_id}/log/"
    return journal_keys(store().list(prefix, after=f"{prefix}{since[0]:06}/{since[1]:010}"))


def list_checkpoints(repository_id: str) -> list[CheckpointKey]:
    """The keys of a repository's checkpoints, oldest first: one request for each thousand."""
    return checkpoint_keys(store().list(f"repos/{repository_id}/checkpoints/"))


def list_journal(repository_id: str) -> Journal:
    """The names of all that a repository's journal has in the store."""
    return Journal(tuple(list_entries(repository_id)), tuple(list_checkpoints(repository_id)))


def pick_journal(listed: Sequence[StoredObject]) -> Journal:
    """What belongs to the journal among all of a repository's objects."""
    return Journal(tuple(journal_keys(listed)), tuple(checkpoint_keys(listed)))


def list_repositories() -> Iterator[tuple[str, list[StoredObject]]]:
    """Every repository that the store has something of, with all of its objects in the order of their keys."""
    for repository_id, listed in groupby(store().list("repos/"), key=lambda entry: entry.key.split("/")[1]):
        yield repository_id, list(listed)


def oldest_needed(journal: Journal, known: Mapping[Place, str]) -> Place:
    """The place of the last but one version with a checkpoint, of SQL's own: a rebuild needs nothing older.

    `known` are the hashes of SQL's versions.
    """
    own = {one.entry.place for one in journal.checkpoints if one.entry.names(known.get(one.entry.place, ""))}
    return sorted(own)[-2] if len(own) > 1 else NO_VERSION
