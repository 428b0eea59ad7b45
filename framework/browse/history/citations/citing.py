"""How to cite a project: by its CITATION.cff, else by what is known of it; pinned to a tag or a commit."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from framework import config
from framework.accounts.identities.operations import find_shown_orcids
from framework.browse.history.about import read_about
from framework.browse.history.citations.cff import CitationFile, read_citation_file
from framework.browse.history.citations.styles import SOFTWARE, Author, Work
from framework.browse.places import find_place
from framework.browse.render.rendering import read_head, sandbox
from framework.gitcore.dates import moment_at
from framework.gitcore.ref_names import TAGS
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import Entry, find, list_folder
from framework.sandbox.sandbox import Busy, TooCostly

FILE_NAME = "CITATION.cff"
LONGEST_BYTES = 1 << 16
NOTHING = CitationFile(Work(SOFTWARE, "", ()))


@dataclass(frozen=True)
class Citation:
    """What to cite: `version` is a tag or a commit of the project, `url` leads to exactly that version.

    `from_file` says that its CITATION.cff told, `of_other` that it asks to cite another work, such as an article.
    """

    work: Work
    version: str
    url: str
    from_file: bool
    of_other: bool


def cite(copy: Copy, access: ProjectAccess, ref: str) -> Citation:
    """How to cite the version at a ref: under the newest name of its commit that stays, a tag's or its own.

    Raises:
        RefAbsent.
    """
    place = find_place(copy, ref, "")
    entries = list_folder(copy, find(copy, place.sha, ""), sizes=False)
    tags = [place.tag] if place.tag else _tags_at(copy, place.sha)
    version = tags[0] if tags else place.sha[:12]
    url = config.current().base_url + access.address("tree", TAGS + tags[0] if tags else place.sha)
    told = _read_citation_file(copy, entries) or NOTHING
    work = told.work if told.prefers_other else _complete(copy, place.sha, told.work)
    if not told.prefers_other:
        work = replace(work, title=work.title or access.name, version=version, url=url)
    return Citation(work, version, url, from_file=told is not NOTHING, of_other=told.prefers_other)


def add_orcids(citation: Citation) -> Citation:
    """With the ORCID iDs of those whose commits these are, if they show them to others; one statement to SQL."""
    authors = citation.work.authors
    shown = find_shown_orcids({one.email for one in authors if one.email and not one.orcid})
    named = [replace(one, orcid=one.orcid or shown.get(one.email, "")) for one in authors]
    return replace(citation, work=replace(citation.work, authors=named))


def _complete(copy: Copy, sha: str, told: Work) -> Work:
    """The project at this commit as a work, with what is known of it where its file says nothing."""
    people = read_about(copy, sha, (), whole=False).shown
    return replace(
        told,
        authors=told.authors or [Author(one.name, email=one.address) for one in people],
        year=told.year or moment_at(copy.commit(sha).commit_time).year,
        publisher=config.current().base_url.partition("://")[2],
    )


def _tags_at(copy: Copy, sha: str) -> list[str]:
    return sorted(name for name, target in copy.snapshot.tags.items() if target == sha)


def _read_citation_file(copy: Copy, entries: Sequence[Entry]) -> CitationFile | None:
    """What CITATION.cff says; None when there is none, or it is no such file."""
    found = next((entry for entry in entries if entry.name == FILE_NAME and entry.kind == "blob"), None)
    blob = copy.blob(found.sha) if found else None
    if blob is None or blob.size_bytes > LONGEST_BYTES:
        return None
    with suppress(TooCostly, Busy):
        key = copy.snapshot.repository_id, blob.sha
        return sandbox.call(key, read_citation_file, read_head(blob, LONGEST_BYTES))
    return None
