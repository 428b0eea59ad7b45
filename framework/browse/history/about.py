"""What a project's page tells beside its files: who made it, under which licence, and how often it changed."""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from identify.identify import license_id

from framework.browse.history.languages import Language, read_languages
from framework.gitcore import git
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.folders import Entry

QUICK_COMMITS, MOST_COMMITS = 1_000, 50_000
SHOWN_PEOPLE = 8
REMEMBERED = 2_048
LONGEST_LICENCE_BYTES = 1 << 16

_LICENCE = re.compile(r"(un)?licen[cs]e([.-].*)?|copying(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Contributor:
    """Somebody who wrote commits, under this e-mail address in lower case, and how many."""

    name: str
    commits: int
    address: str


@dataclass(frozen=True)
class Licence:
    """The file that holds the licence; `name` is its SPDX identifier when the text is a known one."""

    path: str
    name: str | None


@dataclass(frozen=True)
class About:
    """The commits of a version and who wrote them, the most first.

    `complete` is False when a longer look would find more; `has_more` tells that not all commits are counted.
    """

    commit_count: int
    contributors: Sequence[Contributor]
    complete: bool
    has_more: bool = False
    licence: Licence | None = None
    languages: Sequence[Language] = ()

    @property
    def shown(self) -> Sequence[Contributor]:
        """Those who wrote most."""
        return self.contributors[:SHOWN_PEOPLE]


_commits: LRUCache[tuple[Path, str], About] = LRUCache(REMEMBERED)
_licences: LRUCache[str, str] = LRUCache(REMEMBERED)


def read_about(copy: Copy, commit_sha: str, entries: Sequence[Entry], *, whole: bool) -> About:
    """What there is to tell of the version whose root has these entries; of the newest commits unless `whole`."""
    counted = _count_commits(copy, commit_sha, whole=whole)
    root_sha = copy.commit(commit_sha).tree.decode()
    return replace(counted, licence=_licence(copy, entries), languages=read_languages(copy, root_sha))


def _count_commits(copy: Copy, commit_sha: str, *, whole: bool) -> About:
    key = copy.path, commit_sha
    nothing = About(0, (), complete=False)
    known = _commits.get(key, nothing)
    if known.complete or (known.commit_count and not whole):
        return known
    limit = MOST_COMMITS if whole else QUICK_COMMITS
    arguments = ["log", "--no-mailmap", "--format=%aE%x1f%aN", f"--max-count={limit + 1}"]
    lines = git.run(copy.path, *arguments, "--end-of-options", commit_sha).decode(errors="replace").split("\n")[:-1]
    has_more = len(lines) > limit
    found = About(min(len(lines), limit), _people(lines[:limit]), complete=whole or not has_more, has_more=has_more)
    _commits.put(key, found)
    return found


def _people(lines: Sequence[str]) -> Sequence[Contributor]:
    """Commits by their authors' addresses, each under the newest name."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for line in lines:
        address, _separator, name = line.partition("\x1f")
        names.setdefault(address.lower(), name or address)
        counts[address.lower()] += 1
    return [Contributor(names[address], count, address) for address, count in counts.most_common()]


def _licence(copy: Copy, entries: Sequence[Entry]) -> Licence | None:
    found = next((entry for entry in entries if entry.kind == "blob" and _LICENCE.fullmatch(entry.name)), None)
    if found is None:
        return None
    name = _licences.get(found.sha, "?")
    if name == "?":
        name = _recognise_licence(copy, found.sha)
        _licences.put(found.sha, name)
    return Licence(found.path, name or None)


def _recognise_licence(copy: Copy, sha: str) -> str:
    """The SPDX identifier of the text in this blob; empty when it is none of the well-known ones."""
    blob = copy.blob(sha)
    if blob.size_bytes > LONGEST_LICENCE_BYTES:
        return ""
    with scratch("licence") as folder, suppress(UnicodeDecodeError):
        path = folder / "licence"
        path.write_bytes(b"".join(blob.chunks))
        return license_id(str(path)) or ""
    return ""
