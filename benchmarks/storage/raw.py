"""A large file into the store and out of it, beside copying, hashing and boto3: what no upload can be faster than.

The SHA-256 of a pack is known from writing it; the folder hashes what it copies, and compares.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from benchmarks.report.figures import Comparison, Runs, time_ratio
from benchmarks.report.table import Table, show_comparisons
from framework import config
from framework.config import Config
from framework.files import read_chunks
from framework.repositories import object_keys
from framework.storage.current import ownership, store
from tests.servers.application import deployments
from tests.servers.run import Run

MIB = 1 << 20
SIZE_BYTES = 100 * MIB
ROUNDS = 5
COPY, BOTO3 = "copy and SHA-256", "boto3"
SLOWER = 1.25
"""How much longer our store may take than who does the same work with nothing around it."""

Work = Callable[[], object]


def tabulate() -> Table:
    """The folder and the S3 service, each with the floor beside it."""
    return show_comparisons("100 MiB of noise, the store by itself", list(measure()))


def measure() -> Iterator[Comparison]:
    """Each store, in one process."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "noise"
        file.write_bytes(os.urandom(SIZE_BYTES))
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with deployments.embedded(run, Path(folder) / "embedded") as settings:
                yield from _measure_folder(settings, file)
            with deployments.production_like(run, Path(folder) / "data") as settings:
                yield from _measure_bucket(settings, file)
        finally:
            run.end()


def _measure_folder(settings: Config, file: Path) -> Iterator[Comparison]:
    config.use(settings)
    ownership().look()
    sha256 = _hash(file, "sha256")
    floors: dict[str, Work] = {
        COPY: partial(_copy_and_hash, file, "sha256"),
        "copy and SHA-1": partial(_copy_and_hash, file, "sha1"),
        "copy": partial(shutil.copyfile, file, file.with_suffix(".copy")),
        "SHA-256": partial(_hash, file, "sha256"),
        "SHA-1": partial(_hash, file, "sha1"),
    }
    yield _compare("put into the folder", partial(_put, file, sha256), floors, COPY)
    deployments.leave()


def _measure_bucket(settings: Config, file: Path) -> Iterator[Comparison]:
    config.use(settings)
    ownership().look()
    client = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
    )
    sha256 = _hash(file, "sha256")
    bucket, key, target = str(settings.s3_bucket), _put(file, sha256), file.with_suffix(".fetched")
    upload = partial(client.upload_file, str(file), bucket, "bench/raw")
    yield _compare("put into the bucket", partial(_put, file, sha256), {BOTO3: upload}, BOTO3)
    download = partial(client.download_file, bucket, key, str(target))
    yield _compare("fetch from the bucket and hash", lambda: store().fetch(key, target), {BOTO3: download}, BOTO3)
    client.close()
    deployments.leave()


def _compare(work: str, ours: Work, peers: Mapping[str, Work], goal: str) -> Comparison:
    """In turns, after one that does not count."""
    sides, taken = [ours, *peers.values()], [list[tuple[float, float]]() for _ in range(1 + len(peers))]
    for _ in range(ROUNDS + 1):
        for side, found in zip(sides, taken, strict=True):
            began, used = time.perf_counter(), time.process_time()
            side()
            found.append((time.perf_counter() - began, time.process_time() - used))
    mine, *others = (Runs([one[0] for one in found[1:]], [one[1] for one in found[1:]]) for found in taken)
    theirs = dict(zip(peers, others, strict=True))
    return Comparison(work, mine, theirs, [time_ratio(work, mine, goal, theirs[goal], most=SLOWER)])


def _put(file: Path, sha256: str) -> str:
    key = f"uploads/bench/{object_keys.new_id()}"
    store().put(key, file, sha256=sha256)
    return key


def _hash(file: Path, name: str) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, name).hexdigest()


def _copy_and_hash(file: Path, name: str) -> None:
    check = hashlib.new(name)
    with file.open("rb") as source, file.with_suffix(".copy").open("wb") as target:
        for chunk in read_chunks(source):
            check.update(chunk)
            target.write(chunk)
