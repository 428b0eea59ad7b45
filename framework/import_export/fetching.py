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
CHECK_ADDRESS = "Check that this is the clone address and that the repository is public."
DAMAGED = "The export is damaged or incomplete."


class FetchFailed(Invalid):
    """git could not fetch from there; its own words say why."""


def fetch_address(source: Pinned, folder: Path) -> Path:
    """A bare repository with the branches and tags of that address.

    Raises:
        FetchFailed: there is no public repository, it redirects, or it takes too long.
    """
    return _fetch([*source.options], source.url, folder, CHECK_ADDRESS)


def fetch_bundle(bundle: Path, folder: Path) -> Path:
    """A bare repository with the branches and tags of a bundle.

    Raises:
        FetchFailed: it is no whole bundle.
    """
    return _fetch([*FROM_FILE], str(bundle), folder, DAMAGED)


def _fetch(options: list[str], source: str, folder: Path, advice: str) -> Path:
    """`advice` is what to do when git cannot fetch from there."""
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
        raise FetchFailed(f"Git could not fetch the history ({_reason(failure.said)}). {advice}") from failure
    return target


def _reason(words: str) -> str:
    lines = [line.partition(":")[2].strip() for line in words.splitlines() if line.startswith(("fatal:", "error:"))]
    return "; ".join(lines[:2])[:300] or "it ended early, or is larger than one import may be"
