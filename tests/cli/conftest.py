"""Projects with files, and the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import Result
from flask import Flask

from framework.projects.core.access import ProjectAccess
from framework.repositories import object_keys
from tests.repositories.conftest import Bench


class Flasks(Protocol):
    """Runs `flask` with these arguments."""

    def __call__(self, *arguments: str, status: int = 0) -> Result: ...


@pytest.fixture
def flask(app: Flask) -> Flasks:
    """Runs `flask …` and checks how it ended."""

    def run(*arguments: str, status: int = 0) -> Result:
        result = app.test_cli_runner().invoke(args=arguments)
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.fixture
def files_of(tmp_path: Path) -> Callable[[ProjectAccess], Bench]:
    """Gives the repository of a project, to write to and to read from."""

    def open_files(project: ProjectAccess) -> Bench:
        folder = tmp_path / object_keys.new_id()
        folder.mkdir()
        return Bench(project.repository_id, folder)

    return open_files
