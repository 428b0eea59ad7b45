"""Clone and fetch: `git upload-pack --stateless-rpc` on the local copy, streamed."""

import logging
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from framework.repositories import cache, git
from framework.repositories.change import HISTORY
from framework.repositories.healing import heal
from framework.repositories.marker import FULL

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 6 * 3600


def advertise(repository_id: str, protocol: str, settings: Mapping[str, str]) -> Iterator[bytes]:
    """The answer to `info/refs?service=git-upload-pack` (gitprotocol-http(5)); `protocol` is the Git-Protocol header.

    `settings` is environment for git, as `bundling.settings_for` gives it.

    Raises:
        StoreUnavailable, PackAltered: before the first byte.
    """
    version = _checked(protocol)
    with cache.open_copy(repository_id, HISTORY) as (path, _snapshot):
        if version != "version=2":
            yield b"001e# service=git-upload-pack\n0000"
        environment = {"GIT_PROTOCOL": version, **settings}
        yield from _upload_pack(path, environment, subprocess.DEVNULL, "--advertise-refs")


def serve(repository_id: str, protocol: str, body: IO[bytes], settings: Mapping[str, str]) -> Iterator[bytes]:
    """The answer to one `git-upload-pack` request, whose body is this file; `settings` as in `advertise`.

    Raises:
        StoreUnavailable, PackAltered: before the first byte.
    """
    with cache.open_copy(repository_id, FULL) as (path, _snapshot):
        yield from _upload_pack(path, {"GIT_PROTOCOL": _checked(protocol), **settings}, body)


def _upload_pack(path: Path, environment: Mapping[str, str], stdin: int | IO[bytes], *options: str) -> Iterator[bytes]:
    arguments = ["upload-pack", "--strict", "--stateless-rpc", *options, "."]
    try:
        with git.start(
            path, *arguments, stdin=stdin, environment=environment, deadline_seconds=DEADLINE_SECONDS
        ) as process:
            yield from git.chunks(process)
    except git.GitFailed as failure:
        # The protocol frames its own end: the client sees that it is missing, or was told the reason before.
        log.warning("%s: %s", path.name, failure.words)
        heal(path.stem)


def _checked(protocol: str) -> str:
    return protocol if re.fullmatch(r"version=[012]", protocol) else "version=0"
