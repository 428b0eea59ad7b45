"""Where a submodule leads: to a project of this site, or to the address that `.gitmodules` names (gitmodules(5))."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

from framework import config
from framework.errors import NotFound
from framework.gitcore import git
from framework.gitcore.path_policy import MODULES
from framework.projects.core.access import ProjectAccess
from framework.projects.core.validation import NAME
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import Entry, find
from framework.repositories.write.fsck import MAX_SPECIAL_BYTES

# git@host:path, as ssh takes it; a Windows drive has one letter only.
_SSH = re.compile(r"(?:[^@/:\s]+@)?([A-Za-z0-9.-]{2,}):(?!/)(\S+)")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


def submodule_urls(copy: Copy, commit_sha: str, entries: Sequence[Entry]) -> Mapping[str, str]:
    """The addresses of the submodules among these entries by path, as the version's `.gitmodules` writes them."""
    paths = {entry.path for entry in entries if entry.kind == "commit"}
    return {path: url for path, url in _read_gitmodules(copy, commit_sha).items() if path in paths} if paths else {}


def submodule_address(project: ProjectAccess, url: str, sha: str) -> str | None:
    """Where a page leads for a submodule of this address: our own page of its version, a web page, or nowhere."""
    place = _web_address(f"{config.current().base_url}{project.path}", url)
    if place is None:
        return None
    scheme, host, path = place
    names = path.strip("/").split("/")
    if host == urlsplit(config.current().base_url).netloc and len(names) == 2 and all(map(NAME.fullmatch, names)):
        return f"/{names[0]}/{names[1]}/tree/{sha}"
    return f"{scheme}://{host}{quote(path)}"


def _read_gitmodules(copy: Copy, commit_sha: str) -> dict[str, str]:
    with suppress(NotFound, git.GitFailed):
        entry = find(copy, commit_sha, MODULES)
        if entry.kind == "blob" and copy.blob(entry.sha).size_bytes <= MAX_SPECIAL_BYTES:
            return _parse_gitmodules(
                git.run(copy.path, "config", f"--blob={entry.sha}", "-z", "--list").decode(errors="replace")
            )
    return {}


def _parse_gitmodules(listed: str) -> dict[str, str]:
    told: dict[str, dict[str, str]] = {}
    for line in listed.split("\0"):
        key, _line, value = line.partition("\n")
        section, _dot, variable = key.rpartition(".")
        told.setdefault(section, {})[variable] = value
    return {facts["path"]: facts["url"] for facts in told.values() if {"path", "url"} <= facts.keys()}


def _web_address(base: str, url: str) -> tuple[str, str, str] | None:
    """Scheme, host and path where a browser finds what git clones from here; None for what no browser can open."""
    if url.startswith(("./", "../")):
        url = _resolve_address(base, url)
    if "//" not in url and (ssh := _SSH.fullmatch(url)):
        url = f"https://{ssh[1]}/{ssh[2]}"
    with suppress(ValueError):
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme in {"ssh", "git"}:
            host = host.partition(":")[0]
        if parts.scheme in {"http", "https", "ssh", "git"} and _HOST.fullmatch(host):
            scheme = parts.scheme if parts.scheme.startswith("http") else "https"
            return scheme, host, unquote(parts.path).rstrip("/").removesuffix(".git")
    return None


def _resolve_address(base: str, url: str) -> str:
    """A relative address, which begins at the project's own (git-submodule(1), add)."""
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            base = base.rpartition("/")[0]
        url = url.partition("/")[2]
    return f"{base}/{url}"
