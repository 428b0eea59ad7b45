"""What a push could leave behind."""

from pathlib import Path

from sqlalchemy import func, select

from framework.database.session import read_transaction
from framework.projects.core.access import ProjectAccess
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.models import LargeBlob, Pack, StagedPush, Version
from framework.storage.current import store
from tests.githttp.conftest import House

State = list[object]


def scratch_of(house: House) -> list[Path]:
    return sorted((house.settings.data / "scratch").iterdir())


def state(house: House, project: ProjectAccess) -> State:
    """All that a push could leave: rows, objects in the store, folders in scratch."""
    with read_transaction() as session:
        counted = [
            session.scalar(select(func.count()).where(table.repository_id == project.repository_id))
            for table in (Pack, LargeBlob, StagedPush, Version)
        ]
    keys = sorted(found.key for found in store().list(f"repos/{project.repository_id}/"))
    return [read_snapshot(project.repository_id), counted, keys, scratch_of(house)]
