"""An archive as the answer to a request."""

from collections.abc import Iterator

from framework.browse.archives.contents import read_members
from framework.browse.archives.forms import write_tar, write_zip
from framework.browse.archives.planning import Archive
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL


def stream_archive(repository_id: str, archive: Archive, *, form: str, name: str) -> Iterator[bytes]:
    """The archive's files below the folder `name`, as `zip` or `tar.gz`, in chunks.

    Raises:
        StoreUnavailable, PackAltered: before the first byte. What `read_members` raises: later, which cuts the answer
            off.
    """
    write = write_zip if form == "zip" else write_tar
    with open_copy(repository_id, FULL) as copy:
        yield from write(
            read_members(copy, archive),
            name=name.encode(errors="surrogateescape"),
            comment=archive.comment,
            seconds=archive.seconds,
        )
