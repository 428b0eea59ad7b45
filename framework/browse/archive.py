"""Archives of a version, made by git and streamed; `export-ignore` in `.gitattributes` is honoured."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from framework.errors import Invalid
from framework.repositories import git
from framework.repositories.cache import open_copy
from framework.repositories.copy import Copy
from framework.repositories.marker import FULL
from framework.repositories.reading import find, resolve
from framework.repositories.trees import PathAbsent

DEADLINE_SECONDS = 3600
MOST_LEFT_OUT_BYTES = 100_000


class TooManyLinks(Invalid):
    """More symbolic links lead out of the project than can be left out of an archive by name."""

    def __init__(self) -> None:
        super().__init__("Too many symbolic links of this version lead out of it; clone the project with git instead.")


@dataclass(frozen=True)
class Archive:
    """What an archive is made of: a commit, the folder in it (empty: all), and what is left out."""

    commit_sha: str
    folder: str
    left_out: tuple[str, ...]


def archive_of(copy: Copy, ref: str, folder: str) -> Archive:
    """The archive of a folder at a ref, without the symbolic links that lead out of the project.

    Raises:
        RefAbsent, PathAbsent, TooManyLinks.
    """
    sha = resolve(copy, ref)
    if find(copy, sha, folder).kind != "tree":
        raise PathAbsent(folder)
    left_out = tuple(path for path, target in _links(copy, sha, folder) if _leads_out(path, target))
    if sum(len(path.encode(errors="surrogateescape")) for path in left_out) > MOST_LEFT_OUT_BYTES:
        raise TooManyLinks
    return Archive(sha, folder, left_out)


def archived(repository_id: str, archive: Archive, *, form: str, name: str) -> Iterator[bytes]:
    """The archive's files below the folder `name`, as `zip` or `tar.gz`, in chunks.

    Raises:
        StoreUnavailable, PackAltered: before the first byte. GitFailed: at the end, which cuts the answer off.
    """
    options = [f"--format={form}", f"--prefix={name}/", "--end-of-options", archive.commit_sha]
    wanted = [f":(literal){archive.folder}"] if archive.folder else ["."]
    wanted += [f":(exclude,literal){path}" for path in archive.left_out]
    with (
        open_copy(repository_id, FULL) as (path, _snapshot),
        git.start(
            path,
            "archive",
            *options,
            *wanted,
            environment={"GIT_LITERAL_PATHSPECS": "0"},
            deadline_seconds=DEADLINE_SECONDS,
        ) as process,
    ):
        yield from git.bulk(process)


def _links(copy: Copy, sha: str, folder: str) -> Iterator[tuple[str, str]]:
    """Each symbolic link below the folder: its path, and what it points to."""
    where = ["--", folder] if folder else []
    listed = git.run(copy.path, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", sha, *where)
    for line in listed.split(b"\0"):
        if line.startswith(b"120000 "):
            facts, _tab, path = line.decode(errors="surrogateescape").partition("\t")
            target = b"".join(copy.blob(facts.split()[2]).chunks).decode(errors="surrogateescape")
            yield path, target


def _leads_out(path: str, target: str) -> bool:
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return reached.startswith(("/", "../")) or reached == ".."
