"""Large blobs that are kept as deltas, made whole beside the copy: git would hold each three times in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from framework.gitcore import git
from framework.gitcore.pack_writer import PackWriter
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.scratch import scratch


@contextmanager
def lay_out_whole(copy: Copy, blobs: Mapping[str, int]) -> Iterator[dict[str, str]]:
    """The environment in which git finds these blobs whole; sizes in bytes by name in hex. The copy has to be full.

    Raises:
        ObjectAbsent, ObjectAltered, OSError.
    """
    deltas = _list_deltas(copy, [sha for sha, size in blobs.items() if size > git.RESOLVED_BLOB_BYTES])
    if not deltas:
        yield {}
        return
    with scratch("whole") as folder:
        (folder / "pack").mkdir()
        with PackWriter(folder / "pack" / "pack-whole.pack") as writer:
            for sha in deltas:
                blob = copy.blob(sha)
                writer.add_chunks(sha, blob.chunks, blob.size_bytes, level=0)
            writer.finish()
        yield {
            "GIT_OBJECT_DIRECTORY": str(folder),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(copy.path / "objects"),
            "GIT_CONFIG_COUNT": "1",  # an index of many packs, there, would be looked into before this pack
            "GIT_CONFIG_KEY_0": "core.multiPackIndex",
            "GIT_CONFIG_VALUE_0": "false",
        }


def _list_deltas(copy: Copy, blobs: list[str]) -> list[str]:
    if not blobs:
        return []
    given = "".join(f"{sha}\n" for sha in blobs).encode()
    told = git.run(copy.path, "cat-file", "--batch-check=%(objectname) %(deltabase)", given=given)
    return [sha for sha, base in map(str.split, told.decode().splitlines()) if base.strip("0")]
