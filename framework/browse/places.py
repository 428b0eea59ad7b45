"""Where a page is in a project's files, and the way out of where nothing is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from framework.errors import NotFound
from framework.gitcore.ref_names import HEADS, TAGS, short_name
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import Copy
from framework.repositories.history.absent import PathAbsent, RefAbsent
from framework.repositories.history.folders import find_nearest_folder
from framework.repositories.history.refs import full_name, resolve, split_ref


class NothingThere(NotFound):
    """A ref or a path that the project does not have; the error's page offers the nearest thing that is there."""

    def __init__(self, absent: NotFound, fallback_link: tuple[str, str]) -> None:
        super().__init__(absent.sentence)
        self.fallback_link = fallback_link


class SubmoduleHasNoFile(NotFound):
    """A submodule's page was asked for: its files are another repository's."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"“{path}” is a submodule: a link to a commit of another repository, whose files are not here."
        )


@dataclass(frozen=True)
class Place:
    """Where a page is: a ref as the address writes it, the commit that it stands for, and a path (empty: the root).

    `full` is the ref's full name, empty for a commit.
    """

    ref: str
    sha: str
    path: str
    branches: Sequence[str]
    tags: Sequence[str] = ()
    full: str = ""

    @property
    def is_branch(self) -> bool:
        """Whether one can write here."""
        return self.full.startswith(HEADS)

    @property
    def tag(self) -> str:
        """The tag's name, where the place is a tag's."""
        return short_name(self.full) if self.full.startswith(TAGS) else ""

    @property
    def name(self) -> str:
        """The ref as a page shows it: a branch or a tag by its short name, a commit by the start of its own."""
        return short_name(self.full) if self.full else self.ref[:10]

    @property
    def folder(self) -> str:
        """The path without its last name."""
        return self.path.rpartition("/")[0]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The path's names, each with the path up to it."""
        names = self.path.split("/") if self.path else []
        return [(name, "/".join(names[: depth + 1])) for depth, name in enumerate(names)]


def find_place(copy: Copy, ref: str, path: str) -> Place:
    """The place that a ref and a path name; a branch by its short name, as forms and later addresses write it.

    Raises:
        RefAbsent.
    """
    snapshot, full = copy.snapshot, full_name(copy.snapshot.refs, ref) or ""
    sha = resolve(copy, ref)
    ref = short_name(full) if full.startswith(HEADS) else ref
    return Place(ref, sha, path, sorted(snapshot.branches), sorted(snapshot.tags), full)


@contextmanager
def fallback_link(access: ProjectAccess, copy: Copy, text: str) -> Iterator[None]:
    """Let what is absent at `ref/path` offer the nearest folder that is there, else the project's page.

    Raises:
        NothingThere: instead of RefAbsent, PathAbsent and SubmoduleHasNoFile.
    """
    try:
        yield
    except (RefAbsent, PathAbsent, SubmoduleHasNoFile) as absent:
        raise NothingThere(absent, _nearest(access, copy, text)) from absent


def _nearest(access: ProjectAccess, copy: Copy, text: str) -> tuple[str, str]:
    with suppress(NotFound):
        ref, path = split_ref(copy, text)
        folder = find_nearest_folder(copy, resolve(copy, ref), path.rpartition("/")[0])
        words = f"Open the folder “{folder}”" if folder else "Open the project's files"
        return words, access.address("tree", ref, folder)
    return "Open the project", access.path
