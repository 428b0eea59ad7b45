"""100 MiB by the upload form, beside copying, hashing and storing the same bytes; and the web process's memory."""

import hashlib
import os
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.report.figures import Comparison, Figure, Runs, time_ratio
from benchmarks.report.table import Table, show_comparisons
from benchmarks.setting.deployment import MIB, project
from benchmarks.setting.running import application, family, forget_most_memory, read_most_mib
from benchmarks.setting.visitor import Visitor
from framework import config
from framework.accounts.lifecycle.operations import create_user
from framework.files import read_chunks
from framework.gitcore.pack_writer import blob_hash
from framework.projects.lifecycle.operations import create_project
from framework.repositories import object_keys
from framework.storage.current import store

SIZE = 100 * MIB
ROUNDS = 5
MOST_TIME, MOST_GROWTH_MIB = 2.5, 16
FLOOR = "copy + SHA-1 + store"
BOUNDARY = "a-boundary-of-the-benchmark"


def tabulate() -> Table:
    """How long the form takes beside the floor, and by how much it makes the process grow."""
    return show_comparisons("a file by the upload form", [measure()])


def measure() -> Comparison:
    """Both in turns, after one upload that warms up and shows what the process needs without a large file."""
    with project():
        name, password = f"bench-{object_keys.new_id()[:12]}", object_keys.new_id()
        account = create_user(name=name, email="form@example.org", password=password)
        create_project(account, name="files", description="", visibility="private")
        with application({"HOLDFAST_DATA": str(config.current().data)}) as running:
            visitor = Visitor(f"http://127.0.0.1:{running.port}")
            visitor.submit("/login", username=name, password=password)
            page = f"/{name}/files/upload/main/"
            token = visitor.read_token(page)
            _upload(visitor, page, _form(token, os.urandom(MIB)))
            _gunicorn, web, *_ = family(running.process_id)
            forget_most_memory(web)
            before = read_most_mib(web)
            ours, floor = list[float](), list[float]()
            for _round in range(ROUNDS):
                content = os.urandom(SIZE)
                ours.append(_take_seconds(partial(_upload, visitor, page, _form(token, content))))
                floor.append(_measure_floor(content))
            growth = read_most_mib(web) - before
    work, mine, theirs = "100 MiB by the upload form", Runs(ours), Runs(floor)
    figures = [
        time_ratio(work, mine, FLOOR, theirs, most=MOST_TIME),
        Figure(f"{work}: growth of the web process", growth, "MiB", MOST_GROWTH_MIB),
    ]
    return Comparison(work, mine, {FLOOR: theirs}, figures)


def _form(token: str, content: bytes) -> bytes:
    """The form as a browser sends it, the file behind the fields."""
    fields = {"csrf_token": token, "message": "A file", "branch": "main", "path": ""}
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{it}\r\n' for key, it in fields.items()
    ]
    parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="noise"\r\n\r\n')
    return b"".join(["".join(parts).encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()])


def _upload(visitor: Visitor, page: str, body: bytes) -> None:
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.session.cookies),
    }
    connection = HTTPConnection(urlsplit(visitor.url).netloc, timeout=600)
    connection.request("POST", page, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status in {302, 303}, said


def _measure_floor(content: bytes) -> float:
    """Seconds that the bytes, which lie in a file, take to be copied, named and stored."""
    sha256 = hashlib.sha256(content).hexdigest()
    with TemporaryDirectory(dir=config.current().data) as folder:
        source, target = Path(folder) / "source", Path(folder) / "copy"
        source.write_bytes(content)
        return _take_seconds(partial(_copy_and_store, source, target, sha256))


def _copy_and_store(source: Path, target: Path, sha256: str) -> None:
    check = blob_hash(SIZE)
    with source.open("rb") as original, target.open("wb") as copy:
        for chunk in read_chunks(original):
            check.update(chunk)
            copy.write(chunk)
    store().put(f"uploads/bench/{object_keys.new_id()}", target, sha256=sha256)


def _take_seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
