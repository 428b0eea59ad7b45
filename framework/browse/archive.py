"""Archives of a version, made by git and streamed."""

from collections.abc import Iterator

from framework.repositories import git
from framework.repositories.cache import open_copy
from framework.repositories.marker import FULL

DEADLINE_SECONDS = 3600


def archived(repository_id: str, commit_sha: str, *, form: str, folder: str) -> Iterator[bytes]:
    """The files of the commit below `folder/`, as `zip` or `tar.gz`, in chunks.

    Raises:
        StoreUnavailable, PackAltered: before the first byte. GitFailed: at the end, which cuts the answer off.
    """
    options = [f"--format={form}", f"--prefix={folder}/"]
    with (
        open_copy(repository_id, FULL) as (path, _snapshot),
        git.start(
            path, "archive", *options, "--end-of-options", commit_sha, deadline_seconds=DEADLINE_SECONDS
        ) as process,
    ):
        yield from git.chunks(process)
