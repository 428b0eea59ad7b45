"""Histories fetched into a private bare repository, from a pinned address or from a bundle file."""

import hashlib
from pathlib import Path

from framework import config
from framework.errors import Invalid
from framework.gitcore import git
from framework.import_export.addresses import Pinned
from framework.repositories.cache.hydration import lay_out

DEADLINE_SECONDS = 3600
REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/notes/*:refs/notes/*")
FROM_FILE = ("-c", "protocol.allow=never", "-c", "protocol.file.allow=always")


class FetchFailed(Invalid):
    """git could not fetch from there; its own words say why."""


def fetch_address(source: Pinned, folder: Path) -> Path:
    """A bare repository with the branches and tags of that address.

    Raises:
        FetchFailed: there is no public repository, it redirects, or it takes too long.
    """
    return _fetch([*source.options], source.url, folder)


def fetch_bundle(bundle: Path, folder: Path) -> Path:
    """A bare repository with the branches and tags of a bundle.

    Raises:
        FetchFailed: it is no whole bundle.
    """
    return _fetch([*FROM_FILE], str(bundle), folder)


def _fetch(options: list[str], source: str, folder: Path) -> Path:
    target = folder / "fetched.git"
    lay_out(target)
    (target / "HEAD").write_text(f"ref: refs/heads/{hashlib.sha256(source.encode()).hexdigest()}\n")
    arguments = [*options, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options", source]
    try:
        with git.start(
            target,
            *arguments,
            *REFSPECS,
            deadline_seconds=DEADLINE_SECONDS,
            file_bytes=config.current().max_push_bytes,
        ) as process:
            assert process.stdout
            process.stdout.read()
    except git.GitFailed as failure:
        raise FetchFailed(_describe(failure.said)) from failure
    return target


def _describe(words: str) -> str:
    lines = [line.partition(":")[2].strip() for line in words.splitlines() if line.startswith(("fatal:", "error:"))]
    reason = "; ".join(lines[:2])[:300] or "it ended early, or is larger than one import may be"
    return f"Git could not fetch the history ({reason}). Is the address the one for cloning, and open to everybody?"
