"""Pushes that would create their project: a setting, on unless it is switched off."""

from collections.abc import Callable
from pathlib import Path

import pytest

from framework.accounts.signin.tokens import Caller
from framework.config import Config, ConfigError
from framework.githttp.permission import create_for_push, open_for_push, open_or_create
from framework.projects.core.access import ProjectNotFound
from framework.projects.core.validation import InvalidProjectName
from tests.cast import new_account

EVERYTHING = frozenset({"read", "write"})


@pytest.fixture
def caller(settings: Config) -> Caller:
    return Caller(new_account("alice"), EVERYTHING)


def test_asking_creates_nothing_and_pushing_does(caller: Caller) -> None:
    assert open_for_push(caller, "Alice", "fresh") is None
    assert open_for_push(caller, "alice", "fresh") is None
    made = open_or_create(caller, "alice", "fresh")
    assert (made.full_name, made.visibility) == ("alice/fresh", "private")
    assert open_or_create(caller, "alice", "fresh").id == made.id


def test_what_another_push_has_created_meanwhile_is_pushed_to(caller: Caller) -> None:
    assert open_for_push(caller, "alice", "fresh") is None
    made = create_for_push(caller, "fresh")
    assert create_for_push(caller, "Fresh").id == made.id


def test_a_name_that_no_project_can_have(caller: Caller) -> None:
    with pytest.raises(InvalidProjectName):
        open_for_push(caller, "alice", "settings")


def test_it_can_be_switched_off(caller: Caller, with_settings: Callable[..., Config]) -> None:
    with_settings(create_on_push=False)
    with pytest.raises(ProjectNotFound):
        open_or_create(caller, "alice", "fresh")


@pytest.mark.parametrize(("text", "on"), [("", True), ("on", True), ("Off", False)])
def test_the_setting(text: str, on: bool, tmp_path: Path) -> None:
    made = Config.from_environment({"CREATE_ON_PUSH": text, "HOLDFAST_DATA": str(tmp_path)})
    assert made.create_on_push is on


def test_a_setting_that_is_neither_on_nor_off(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CREATE_ON_PUSH is 'maybe'; set it to on or off"):
        Config.from_environment({"CREATE_ON_PUSH": "maybe", "HOLDFAST_DATA": str(tmp_path)})
