"""Archives of a version, made by git and streamed; `export-ignore` in `.gitattributes` is honoured.

What is in one is summed before the first byte: a few folders that name each other may hold more than any disk.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from framework import config
from framework.errors import Invalid, TooLarge
from framework.files import split_chunks
from framework.formatting import format_size
from framework.gitcore import git
from framework.repositories.cache.copy import Copy, open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.snapshot import read_large_blob_sizes
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.repositories.serve.whole_blobs import lay_out_whole

DEADLINE_SECONDS = 3600
MOST_LEFT_OUT_BYTES = 100_000
MOST_FILES = 1_000_000


class ArchiveTooLarge(TooLarge):
    """The files of a version have more bytes together than one archive may, or there are too many of them."""

    def __init__(self) -> None:
        super().__init__(
            f"The files of this version are more than {format_size(config.current().max_archive_bytes)} together, or"
            f" more than {MOST_FILES:,}. Download a folder of it, or clone the project with git."
        )


class TooManyLinks(Invalid):
    """More symbolic links lead out of the project than can be left out of an archive by name."""

    def __init__(self) -> None:
        super().__init__("Too many symbolic links of this version lead out of it; clone the project with git instead.")


@dataclass(frozen=True)
class Archive:
    """What an archive is made of: a commit, the folder in it (empty: all), and what is left out.

    `large` are the sizes in bytes of the large blobs in it, by name in hex.
    """

    commit_sha: str
    folder: str
    left_out: tuple[str, ...]
    large: Mapping[str, int]


def plan_archive(copy: Copy, ref: str, folder: str) -> Archive:
    """The archive of a folder at a ref, without the symbolic links that lead out of the project.

    Raises:
        RefAbsent, PathAbsent, TooManyLinks, ArchiveTooLarge.
    """
    sha = resolve(copy, ref)
    if find(copy, sha, folder).kind != "tree":
        raise PathAbsent(folder)
    survey = _Survey(copy)
    left_out = tuple(path for path, target in survey.find_links(sha, folder) if _leads_out(path, target))
    if sum(len(path.encode(errors="surrogateescape")) for path in left_out) > MOST_LEFT_OUT_BYTES:
        raise TooManyLinks
    return Archive(sha, folder, left_out, survey.large)


def stream_archive(repository_id: str, archive: Archive, *, form: str, name: str) -> Iterator[bytes]:
    """The archive's files below the folder `name`, as `zip` or `tar.gz`, in chunks.

    Raises:
        StoreUnavailable, PackAltered, ObjectAltered: before the first byte. GitFailed: at the end, which cuts the
            answer off.
    """
    options = [f"--format={form}", f"--prefix={name}/", "--end-of-options", archive.commit_sha]
    left_out = [f":(exclude,literal){path}" for path in archive.left_out]
    everything = ["."] if left_out else []  # git finds nothing by this name in a branch without files
    wanted = [f":(literal){archive.folder}"] if archive.folder else everything
    with (
        open_copy(repository_id, FULL) as copy,
        lay_out_whole(copy, archive.large) as environment,
        git.start(
            copy.path,
            "archive",
            *options,
            *wanted,
            *left_out,
            environment={"GIT_LITERAL_PATHSPECS": "0", **environment},
            deadline_seconds=DEADLINE_SECONDS,
        ) as process,
    ):
        yield from git.bulk(process)


@dataclass
class _Survey:
    """What is below a folder; `large` fills with the sizes in bytes of large blobs, by name in hex."""

    copy: Copy
    large: dict[str, int] = field(default_factory=dict)

    def find_links(self, sha: str, folder: str) -> Iterator[tuple[str, str]]:
        """Each symbolic link: its path, and what it points to; all files are counted on the way.

        Raises:
            ArchiveTooLarge.
        """
        room = config.current().max_archive_bytes
        distant: dict[str, int] = {}
        for files, (mode, blob, size_bytes, path) in enumerate(_files(self.copy, sha, folder), 1):
            if size_bytes is None:  # it lies in the store only
                distant[blob] = distant.get(blob, 0) + 1
            elif size_bytes > git.RESOLVED_BLOB_BYTES:
                self.large[blob] = size_bytes
            room -= size_bytes or 0
            if room < 0 or files > MOST_FILES:
                raise ArchiveTooLarge
            if mode == "120000":
                yield path, b"".join(self.copy.blob(blob).chunks).decode(errors="surrogateescape")
        known = read_large_blob_sizes(self.copy.snapshot.repository_id, set(distant)) if distant else {}
        if sum(known.get(blob, 0) * times for blob, times in distant.items()) > room:
            raise ArchiveTooLarge
        self.large |= known


def _files(copy: Copy, sha: str, folder: str) -> Iterator[tuple[str, str, int | None, str]]:
    """Mode, blob, size in bytes where it is known here, and path of each file below the folder, as git lists them."""
    where = ["--", folder] if folder else []
    arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", sha, *where]
    with git.start(copy.path, *arguments) as process:
        for line in split_chunks(git.chunks(process)):
            facts, _tab, path = line.decode(errors="surrogateescape").partition("\t")
            mode, kind, blob, digits = facts.split()
            if kind == "blob":
                yield mode, blob, int(digits) if digits.isdigit() else None, path


def _leads_out(path: str, target: str) -> bool:
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return reached.startswith(("/", "../")) or reached == ".."
