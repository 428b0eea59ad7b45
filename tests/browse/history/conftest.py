"""Repositories that were imported from a wild history."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.setting.importing import import_repository
from framework.config import Config
from framework.database.session import transaction
from framework.repositories.write.creation import create_repository
from tests.browse.gallery import Gallery
from tests.browse.history.wild import wild


@pytest.fixture
def histories(settings: Config, tmp_path: Path) -> Callable[[int], tuple[Gallery, str]]:
    """Makes a wild history; the repository that was imported from it."""

    def make(seed: int) -> tuple[Gallery, str]:
        (tmp_path / str(seed)).mkdir()
        gallery = Gallery(tmp_path / str(seed))
        wild(gallery, random.Random(seed))
        with transaction() as session:
            repository_id = create_repository(session, {})
        import_repository(repository_id, gallery.folder)
        return gallery, repository_id

    return make
