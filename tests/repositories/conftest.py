"""A repository to write to, and a way to write that reads like a sentence."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from framework.celery.jobs import Work, track_progress
from framework.config import Config
from framework.database.session import transaction
from framework.gitcore.pack_writer import blob_name
from framework.repositories import object_keys
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.repositories.write.branch_writer import write
from framework.repositories.write.commit import Precheck, do_nothing
from framework.repositories.write.creation import create_repository
from framework.repositories.write.operations import InTransaction, Operation, Put, Write, Written
from tests.storage.meanwhile import before_the_next_put

Meanwhile = Callable[[Callable[[], object]], None]

MIB = 1 << 20
LARGE = random.Random(1).randbytes(MIB + 100_000)
OTHER = LARGE[: MIB - 1000] + random.Random(2).randbytes(1000)
"""Two versions of a file; among unrelated bytes each place is looked for in vain, which takes a second a MiB."""
AUTHOR = "Alice Example <alice@example.org>"


@dataclass(frozen=True)
class Bench:
    """One repository, and a folder for the files that go into it."""

    repository_id: str
    folder: Path

    def put(self, path: str, content: bytes) -> Put:
        """The operation that stores this content."""
        file = self.folder / object_keys.new_id()
        file.write_bytes(content)
        with file.open("rb") as source:
            return Put(path, file, len(content), blob_name(source, len(content)))

    def write(
        self,
        *operations: Operation,
        message: str = "A change",
        branch: str = "main",
        precheck: Precheck = do_nothing,
        in_transaction: InTransaction = do_nothing,
        **commits: Any,
    ) -> Written:
        """Write as Alice; `commits` are the write's parent, base and start."""
        wanted = Write(self.repository_id, branch, operations, message, AUTHOR, "alice", **commits)
        return write(wanted, precheck=precheck, in_transaction=in_transaction)

    def read(self, path: str, ref: str = "main") -> bytes:
        """The content at a path."""
        with open_copy(self.repository_id) as copy:
            return b"".join(copy.blob(find(copy, resolve(copy, ref), path).sha).chunks)


@pytest.fixture
def new_bench(settings: Config, tmp_path: Path) -> Callable[[], Bench]:
    def make() -> Bench:
        folder = tmp_path / object_keys.new_id()
        folder.mkdir()
        with transaction() as session:
            repository_id = create_repository(session, {"name": "field-notes"})
        return Bench(repository_id, folder)

    return make


@pytest.fixture
def bench(new_bench: Callable[[], Bench]) -> Bench:
    return new_bench()


@pytest.fixture
def parameters() -> Iterator[list[int]]:
    """How many parameters each statement has that is no INSERT, which SQLAlchemy divides by itself."""
    counts: list[int] = []

    def count(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if not many and not statement.startswith("INSERT"):
            counts.append(len(given))

    event.listen(Engine, "before_cursor_execute", count)
    yield counts
    event.remove(Engine, "before_cursor_execute", count)


@pytest.fixture
def work() -> Iterator[Work]:
    """Somebody looks on."""
    with track_progress("test") as made:
        yield made


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch, settings: Config) -> Meanwhile:
    """Has something happen before the next object is stored, once: after a look at the project, before the commit."""
    return lambda act: before_the_next_put(monkeypatch, act)


@pytest.fixture
def grown(bench: Bench) -> Bench:
    """Six versions, with two large files, one of them replaced."""
    bench.write(bench.put("a", b"0"), bench.put("large", OTHER))
    for number in range(1, 5):
        bench.write(bench.put("a", str(number).encode() * 1000), bench.put(f"folder/{number}", b"same"))
    bench.write(bench.put("large", LARGE))
    return bench
