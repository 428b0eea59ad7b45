"""Large files that are compared as their kind of file is, though not by lines: documents, tables, notebooks."""

from collections.abc import Iterable
from dataclasses import replace

from framework.browse.diff.file_change import LARGE, MANY, FileChange
from framework.browse.render.kinds.registry import kind_of
from framework.browse.render.office.words import WITH_WORDS
from framework.gitcore.ref_names import NO_OBJECT

LARGEST_BYTES = 8 << 20
"""What one side may have; both together are what a page reads, so that each file can be shown by itself."""
MOST_PAGE_BYTES = 2 * LARGEST_BYTES
MOST_FILES = 3


def is_comparable(file: FileChange) -> bool:
    """Whether it is a large file whose kind says what changed in it, and small enough to be read for that."""
    largest = max(file.old_size_bytes or 0, file.new_size_bytes or 0)
    return file.hidden == LARGE and file.status in "MRAD" and largest <= LARGEST_BYTES and _has_kind(file)


def has_words(file: FileChange) -> bool:
    """Whether it is a document whose words can be compared, also if it is new or gone."""
    return file.path.lower().endswith(WITH_WORDS)


def postpone(files: Iterable[FileChange], most_shown: int) -> list[FileChange]:
    """The same files; of those that `is_comparable` the ones that a page does not read are to be asked for one by one.

    It reads them among the first `most_shown` files only.
    """
    made, room_bytes, room = [], MOST_PAGE_BYTES, MOST_FILES
    for number, file in enumerate(files):
        size_bytes = (file.old_size_bytes or 0) + (file.new_size_bytes or 0)
        if not is_comparable(file):
            made.append(file)
        elif number < most_shown and room and size_bytes <= room_bytes:
            room_bytes, room = room_bytes - size_bytes, room - 1
            made.append(file)
        else:
            made.append(replace(file, hidden=MANY))
    return made


def _has_kind(file: FileChange) -> bool:
    name = file.path.lower()
    kind = kind_of(name)
    both = NO_OBJECT not in {file.old_sha, file.new_sha} and file.old_sha != file.new_sha
    return has_words(file) or (both and (name.endswith(".ipynb") or bool(kind and kind.grids)))
