"""Clone and fetch: `git upload-pack --stateless-rpc` on the local copy, streamed."""

import logging
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO

from sqlalchemy.exc import SQLAlchemyError

from framework.errors import HoldfastError, Unavailable
from framework.gitcore import git
from framework.gitcore.pkt_line import FLUSH, PACK, band, err
from framework.gitcore.ref_names import HEADS
from framework.githttp.fetch.keepalive import SERVICE, FetchRequest, KeepAlive, Opening, read_fetch_request
from framework.githttp.fetch.ref_list import LONGEST_REMEMBERED_BYTES, RefListRequest
from framework.observability.foreseen import in_a_line, is_foreseen
from framework.repositories.cache import copies
from framework.repositories.cache.hydration import lay_out
from framework.repositories.cache.marker import replace_text
from framework.repositories.cache.repair import heal
from framework.repositories.cache.scratch import scratch
from framework.repositories.cache.status import refuse_outdated
from framework.repositories.catalog.pack_records import HISTORY
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot
from framework.repositories.serve.cold_stream import ColdPack, find_cold_pack
from framework.web.errors import SENTENCES

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 6 * 3600

_OF_BUNDLES = b"command=bundle-uri"
_capabilities: dict[bool, bytes] = {}
"""What upload-pack says that it can do: the value of True for a project with a bundle."""


def advertise(repository_id: str, protocol: str, settings: Mapping[str, str]) -> Iterator[bytes]:
    """The answer to `info/refs?service=git-upload-pack` (gitprotocol-http(5)); `protocol` is the Git-Protocol header.

    In version 2 it tells what the server understands and nothing of the project. `settings` is environment for git, as
    `bundles.settings_for` gives it.

    Raises:
        StoreUnavailable, PackAltered: before the first byte.
    """
    version = _check_protocol(protocol)
    if version == "version=2":
        yield _read_capabilities(settings)
        return
    keepalive = KeepAlive(repository_id, FetchRequest(HISTORY, Opening(SERVICE, has_bands=False)))
    yield from keepalive.send_until_ready()
    if keepalive.failed:
        return
    with copies.lease_copy(repository_id, HISTORY) as (path, _snapshot):
        environment = {"GIT_PROTOCOL": version, **settings}
        chunks = _upload_pack(path, environment, subprocess.DEVNULL, "--advertise-refs")
        yield from keepalive.rest(chain([SERVICE], chunks))


def _read_capabilities(settings: Mapping[str, str]) -> bytes:
    """What git can do, which is asked once a process with a bundle and once without."""
    told = _capabilities.get(bool(settings))
    if told is None:
        with scratch("advertise") as folder:
            lay_out(folder)
            replace_text(folder / "HEAD", f"ref: {HEADS}main\n")
            environment = {"GIT_PROTOCOL": "version=2", **settings}
            told = b"".join(_upload_pack(folder, environment, subprocess.DEVNULL, "--advertise-refs"))
        if told.endswith(FLUSH):
            _capabilities[bool(settings)] = told
    return told


def serve(repository_id: str, protocol: str, body: IO[bytes], settings: Mapping[str, str]) -> Iterator[bytes]:
    """The answer to one `git-upload-pack` request, whose body is this file; of a cold project with signs of life.

    `settings` as in `advertise`. What is not available is told in the answer: of another status git shows the number.

    Raises:
        BadRequest.
    """
    chunks = _serve(repository_id, protocol, body, settings)
    try:
        first = next(chunks, b"")
    except (Unavailable, SQLAlchemyError) as failure:
        if not is_foreseen(failure):
            raise
        log.warning("%s: %s", repository_id, in_a_line(failure))
        first = err(failure.sentence if isinstance(failure, Unavailable) else SENTENCES[503])
    yield first
    yield from chunks


def asks_for_bundles(body: IO[bytes]) -> bool:
    """Whether the request is for the addresses of bundles; the body is at its start, and is left there."""
    head = body.read(4 + len(_OF_BUNDLES))
    body.seek(0)
    return head[4:] == _OF_BUNDLES


def _serve(repository_id: str, protocol: str, body: IO[bytes], settings: Mapping[str, str]) -> Iterator[bytes]:
    version = _check_protocol(protocol)
    snapshot = read_snapshot(repository_id)
    asked = read_fetch_request(version, body, snapshot)
    if kept := _find_answer(asked, snapshot, settings):
        refuse_outdated(snapshot)
        copies.note_use(repository_id)
        yield kept
        return
    run = partial(_upload_pack, environment={"GIT_PROTOCOL": version, **settings}, stdin=body)
    with copies.lease_warm_copy(repository_id, asked.kind, snapshot) as warm:
        if warm:
            yield from _keep_answer(asked, warm[1], settings, run(warm[0]))
            return
    if asked.wants and asked.opening and (whole := find_cold_pack(repository_id, asked.wants)):
        yield from stream_cold_clone(whole, asked.opening)
        return
    keepalive = KeepAlive(repository_id, asked)
    yield from keepalive.send_until_ready()
    if keepalive.failed:
        return
    with copies.lease_copy(repository_id, asked.kind) as (path, _snapshot):
        yield from keepalive.rest(run(path))


def _find_answer(asked: FetchRequest, snapshot: Snapshot, settings: Mapping[str, str]) -> bytes | None:
    """What is known without a copy or git."""
    if asked.refs:
        return asked.refs.answer(snapshot)
    return asked.clone.find_answer(snapshot, settings) if asked.clone else None


def _keep_answer(
    asked: FetchRequest, snapshot: Snapshot, settings: Mapping[str, str], chunks: Iterator[bytes]
) -> Iterator[bytes]:
    """What git answers of this version, passed on and kept for the next who asks."""
    if asked.refs:
        return _remember(asked.refs, snapshot, chunks)
    return asked.clone.keep_answer(snapshot, settings, chunks) if asked.clone else chunks


def _remember(refs: RefListRequest, snapshot: Snapshot, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What git lists, passed on and remembered for the next who asks."""
    listed = b""
    for chunk in chunks:
        listed += chunk if len(listed) <= LONGEST_REMEMBERED_BYTES else b""
        yield chunk
    if listed.endswith(FLUSH):
        refs.remember(snapshot, listed)


def stream_cold_clone(whole: ColdPack, opening: Opening) -> Iterator[bytes]:
    """The packfile section (gitprotocol-v2(5)); who asks for `sideband-all` gets its head on a band, too.

    What fails is told to the client, which keeps nothing.
    """
    yield opening.start or band(PACK, b"packfile\n")
    try:
        with whole.receive() as chunks:
            for chunk in chunks:
                yield band(PACK, chunk)
            yield FLUSH
    except HoldfastError as failure:
        yield opening.failure(failure.sentence)


def _upload_pack(path: Path, environment: Mapping[str, str], stdin: int | IO[bytes], *options: str) -> Iterator[bytes]:
    arguments = ["upload-pack", "--strict", "--stateless-rpc", *options, "."]
    sent = False
    try:
        with git.start(
            path, *arguments, stdin=stdin, environment=environment, deadline_seconds=DEADLINE_SECONDS
        ) as process:
            for chunk in git.bulk(process):
                sent = True
                yield chunk
    except git.GitInterrupted as failure:
        if not sent:
            raise
        log.warning("%s: %s", path.name, failure.sentence)
    except git.GitTooSlow as failure:  # says nothing about the copy, and hashing all of it would take longer still
        log.warning("%s: %s", path.name, failure.words)
    except git.GitFailed as failure:
        # The protocol frames its own end: the client sees that it is missing, or was told the reason before.
        log.warning("%s: %s", path.name, failure.words)
        heal(path.stem)


def _check_protocol(protocol: str) -> str:
    return protocol if re.fullmatch(r"version=[012]", protocol) else "version=0"
