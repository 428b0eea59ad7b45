"""The files of a project for blind review: what could tell who works on it is left out by construction.

`anonymise` makes the one `ProjectAccess` that is `anonymous`: its words are neutral before any template sees them.
Pages are read here, without the readers of the project's own pages, so no commit, branch, tag or person is ever read.
The address is below the link's own, which has routes for folders, files, their bytes and archives, and no other.
"""

from collections.abc import Iterator
from dataclasses import replace

from framework.browse.archives.planning import Archive, plan_archive
from framework.browse.archives.streaming import stream_archive
from framework.browse.history.tree_entries import read_left_out
from framework.browse.pages import (
    FilePage,
    FolderPage,
    RawFile,
    add_tracks,
    open_raw_file,
    read_entries,
    read_readme,
)
from framework.browse.places import Place, SubmoduleHasNoFile
from framework.browse.render.code.linguist import read_told_language
from framework.browse.render.pictures import choose_layout
from framework.browse.render.rendering import preview_file
from framework.browse.view_options import ViewOptions
from framework.lfs.reading import find_content
from framework.links.looking import ViewLink, ViewLinkAbsent
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import heal_after
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import Entry, find, list_folder

VERSION = "version"
"""What stands in the place of a branch in addresses: the newest version of the default one, whatever it is called."""
OWNER, NAME = "anonymous", "project"


def anonymise(link: ViewLink, token: str) -> ProjectAccess:
    """The link's project without a word of who works on it, at the link's own address.

    Raises:
        ViewLinkAbsent: the link is a plain one.
    """
    if not link.anonymous:
        raise ViewLinkAbsent
    return replace(
        link.project,
        owner=OWNER,
        name=NAME,
        description="",
        topics=(),
        role=None,
        visitor_id=None,
        default_branch=VERSION,
        link_id=link.id,
        anonymous=True,
        neutral_path=f"/l/{token}",
    )


def read_page(access: ProjectAccess, path: str, asked: ViewOptions) -> FolderPage | FilePage | None:
    """A folder's page or a file's, with neither commits nor names in it; None for a project without files.

    Raises:
        PathAbsent, SubmoduleHasNoFile.
    """
    return read_project(access, lambda copy: _read(copy, path, asked))


def open_file(copy: Copy, path: str) -> RawFile:
    """A file's bytes.

    Raises:
        PathAbsent, FolderHasNoBytes.
    """
    return open_raw_file(copy, _tip_or_absent(copy, path), path)


def find_entry(copy: Copy, path: str) -> Entry:
    """What is at this path.

    Raises:
        PathAbsent.
    """
    return find(copy, _tip_or_absent(copy, path), path)


def stream_files(access: ProjectAccess, form: str) -> Iterator[bytes]:
    """All files as `zip` or `tar.gz`, without the name and the time of a commit.

    Raises:
        PathAbsent: there are none. What `plan_archive` and `stream_archive` raise.
    """
    archive = read_project(access, _plan)
    return heal_after(access.repository_id, stream_archive(access.repository_id, archive, form=form, name=NAME))


def _plan(copy: Copy) -> Archive:
    tip = _tip_or_absent(copy, "")
    return replace(plan_archive(copy, tip, ""), comment="", seconds=0)


def _read(copy: Copy, path: str, asked: ViewOptions) -> FolderPage | FilePage | None:
    tip = _tip(copy)
    if tip is None and not path:
        return None
    sha = _tip_or_absent(copy, path)
    entry, place = find(copy, sha, path), Place(VERSION, sha, path, ())
    if entry.kind == "commit":
        raise SubmoduleHasNoFile(path)
    if entry.kind == "tree":
        everything = list_folder(copy, entry, sizes=False)
        return FolderPage(
            template="links/blind_folder.html",
            default_branch=VERSION,
            place=place,
            entries=read_entries(copy, entry, everything, asked.number),
            readme=read_readme(copy, place, everything),
            number=asked.number,
            count=len(everything),
            left_out=read_left_out(copy, sha),
            **choose_layout(everything, asked),
        )
    found = find_content(copy, entry.sha)
    told = read_told_language(copy, sha, path)
    preview = preview_file(copy.snapshot.repository_id, entry, found.blob, asked, told=told)
    preview = add_tracks(copy, sha, path, preview)
    return FilePage(place, entry, found.blob.size_bytes, preview, None, in_lfs=found.stored is not None)


def _tip(copy: Copy) -> str | None:
    """The newest version of the default branch, or of any when that one is missing."""
    branches = copy.snapshot.branches
    return copy.snapshot.find_branch(copy.snapshot.default_branch) or (
        copy.snapshot.find_branch(min(branches)) if branches else None
    )


def _tip_or_absent(copy: Copy, path: str) -> str:
    tip = _tip(copy)
    if tip is None:
        raise PathAbsent(path)
    return tip
