"""A repository on the disk becomes a project's, the way a push's objects do."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from framework import config
from framework.repositories import object_keys
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.inventory import Limits
from framework.repositories.write.pack_upload import send
from framework.repositories.write.quarantine import Quarantine
from framework.repositories.write.splitting import split

CHUNK_BYTES = 1 << 16
MOST_BYTES = 4 << 30


def import_repository(repository_id: str, source: Path) -> None:
    """Store all branches and tags of the repository at `source`, and everything that they lead to."""
    settings = config.current()
    limits = Limits(settings.large_blob_bytes, settings.max_file_bytes, settings.max_file_bytes)
    push_id = object_keys.new_id()
    with scratch("import") as folder:
        quarantine = Quarantine(folder, repository_id)
        pack = quarantine.take(_packed(source), MOST_BYTES, MOST_BYTES)
        assert pack
        packs = split(quarantine, pack, quarantine.inventory(pack, limits))
        send(repository_id, push_id, {pack.new.name: pack.written for pack in packs})
        change = Change(
            repository_id=repository_id,
            actor="bench",
            push_id=push_id,
            updates=tuple(_updates(quarantine.snapshot.refs, source)),
            packs=tuple(pack.new for pack in packs),
        )
        commit(change, precheck=do_nothing, in_transaction=lambda _session, _committed: None)


def _updates(refs: Mapping[str, str], source: Path) -> Iterator[RefUpdate]:
    for name, sha in _refs(source):
        if refs.get(name) != sha:
            yield RefUpdate(name, refs.get(name), sha)


def _refs(source: Path) -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"],
        cwd=source,
        check=True,
        capture_output=True,
        text=True,
    )
    for line in listed.stdout.splitlines():
        name, _space, sha = line.partition(" ")
        yield name, sha


def _packed(source: Path) -> Iterator[bytes]:
    arguments = ["git", "pack-objects", "--all", "--stdout", "-q"]
    with subprocess.Popen(arguments, cwd=source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while chunk := process.stdout.read(CHUNK_BYTES):
            yield chunk
