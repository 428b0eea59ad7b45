"""The Git LFS objects that a push needs: every pointer in it stands for one that is there, or was received."""

from collections.abc import Iterable, Iterator, Sequence

from framework.database.batches import in_batches
from framework.errors import Invalid, TooLarge
from framework.gitcore.lfs.pointer import Pointer, parse
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.write.inventory import Inventory
from framework.repositories.write.quarantine import Quarantine

MAX_NEW_OBJECTS = 100_000


class LfsUnknown(Invalid):
    """Pointers stand for objects that the project does not have."""

    def __init__(self, count: int, oid: str, path: str) -> None:
        objects = "a Git LFS object" if count == 1 else f"{count:,} Git LFS objects"
        example = "" if count == 1 else "for example "
        super().__init__(
            f"This needs {objects} that the project does not have: {example}{oid} (“{path}”). Send what is missing with"
            " `git lfs push --all <remote>`, then push again."
        )


class TooManyLfsObjects(TooLarge):
    """One push brings more objects than one version may."""

    def __init__(self) -> None:
        super().__init__(f"One push may bring {MAX_NEW_OBJECTS:,} Git LFS objects at most. Push an older commit first.")


def find_needed(quarantine: Quarantine, found: Inventory, tips: Iterable[str]) -> tuple[StoredLfs, ...]:
    """The received objects that the push's pointers stand for and that no version names yet.

    Raises:
        LfsUnknown: it says how many are missing, and one of them. TooManyLfsObjects.
    """
    new: dict[str, StoredLfs] = {}
    lacking: dict[str, str] = {}
    for some in in_batches(_pointers(quarantine, found)):
        _sort(quarantine.snapshot.repository_id, some, new, lacking)
        if len(new) > MAX_NEW_OBJECTS:
            raise TooManyLfsObjects
    if lacking:
        oid, blob = next(iter(lacking.items()))
        raise LfsUnknown(len(lacking), oid, quarantine.path_of(blob, tips))
    lfs_objects.renew(new.values())
    return tuple(new.values())


def _pointers(quarantine: Quarantine, found: Inventory) -> Iterator[tuple[str, Pointer]]:
    """Blob and pointer, for each file of the push that is one."""
    with found.brief.open() as names:
        for blob, data in zip(names, quarantine.contents(found.brief), strict=True):
            if pointer := parse(data):
                yield blob.strip(), pointer


def _sort(
    repository_id: str, some: Sequence[tuple[str, Pointer]], new: dict[str, StoredLfs], lacking: dict[str, str]
) -> None:
    """Received objects into `new`, those that are nowhere or of another size into `lacking`, with the pointer's blob.

    The received ones are read first: what a version comes to name in between is found among the named.
    """
    oids = [pointer.oid for _blob, pointer in some]
    received = lfs_objects.read_received(repository_id, oids)
    named = lfs_objects.read_named(repository_id, oids)
    for blob, pointer in some:
        there = named.get(pointer.oid) or received.get(pointer.oid)
        if there is None or there.size_bytes != pointer.size_bytes:
            if len(lacking) < MAX_NEW_OBJECTS:
                lacking.setdefault(pointer.oid, blob)
        elif pointer.oid not in named:
            new[pointer.oid] = there
