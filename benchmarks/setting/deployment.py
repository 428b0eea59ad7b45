"""A throw-away deployment for benchmarks: SQLite and a folder, one repository."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from framework import config, rooms
from framework.config import Config
from framework.database import schema
from framework.database.session import transaction
from framework.gitcore.pack_writer import blob_name
from framework.repositories import object_keys
from framework.repositories.write.branch_writer import write
from framework.repositories.write.commit import do_nothing
from framework.repositories.write.creation import create_repository
from framework.repositories.write.operations import Put, Write
from framework.storage.current import ownership
from tests.servers.application import deployments

MIB = 1 << 20


def forget_pages() -> None:
    """Drop the pages that were rendered before in the current deployment: the next look at each renders it anew."""
    shutil.rmtree(config.current().data / "pages", ignore_errors=True)


@dataclass(frozen=True)
class Project:
    """One repository, and a folder for the files that go into it."""

    repository_id: str
    folder: Path

    def upload(self, sizes: dict[str, int]) -> None:
        """Store files of noise of these sizes in bytes, in one commit."""
        self.store([self.noise(path, size) for path, size in sizes.items()])

    def noise(self, path: str, size_bytes: int) -> Put:
        """A file of noise, to be stored under this path."""
        file = self.folder / object_keys.new_id()
        with file.open("wb") as target:
            for start in range(0, size_bytes, MIB):
                target.write(os.urandom(min(MIB, size_bytes - start)))
        with file.open("rb") as source:
            return Put(path, file, size_bytes, blob_name(source, size_bytes))

    def store(self, puts: list[Put]) -> None:
        """One commit of these files."""
        wanted = Write(self.repository_id, "main", puts, "Bench", "Bench <bench@example.org>", "bench")
        write(wanted, precheck=do_nothing, in_transaction=do_nothing)


@contextmanager
def project() -> Iterator[Project]:
    """A fresh deployment with an empty project; it is this process's configuration until the block ends."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        config.use(Config.from_environment({"HOLDFAST_DATA": str(data)}))
        rooms.load_models()
        schema.upgrade()
        ownership().look()  # as a process does when it starts
        with transaction() as session:
            repository_id = create_repository(
                session, {"name": "bench", "owner": {"email": "bench@example.org", "name": "bench"}}
            )
        yield Project(repository_id, Path(folder))
        deployments.leave()
