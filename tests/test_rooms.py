"""The rooms: each is in the list, and has what it says that it brings."""

import ast
from pathlib import Path
from types import ModuleType

import pytest
from celery import Task
from flask import Blueprint

from framework import rooms
from framework.celery.celery import app
from framework.rooms import Room

FRAMEWORK = Path(rooms.__file__).parent


def test_every_room_that_brings_something_is_in_the_list() -> None:
    assert sorted(rooms.ROOMS) == sorted(path.parent.name for path in FRAMEWORK.glob("*/room.py"))
    assert [room.name for room in rooms.rooms()] == list(rooms.ROOMS)


def test_each_folder_of_modules_is_a_package_that_says_in_a_line_what_it_holds() -> None:
    folders = {path.parent for path in FRAMEWORK.rglob("*.py") if "migrations" not in path.parts}
    packages = {folder: (folder / "__init__.py").read_text() for folder in folders}
    said = {folder: ast.get_docstring(ast.parse(text)) or "" for folder, text in packages.items()}
    assert [folder for folder, line in said.items() if not line or "\n" in line] == []


@pytest.mark.parametrize("room", rooms.rooms(), ids=lambda room: room.name)
def test_a_room_has_what_it_brings(room: Room) -> None:
    folder = FRAMEWORK / room.name
    assert room.models == (folder / "models.py").exists()
    assert ("tasks" in room.worker) == (folder / "tasks.py").exists()
    assert all(callable(room.load(name).register) for name in room.parts)
    assert all(isinstance(room.load(name), Blueprint) for name in room.blueprints)
    assert all(isinstance(room.load(name), ModuleType) for name in room.worker)


def test_every_task_is_one_rooms_and_every_entry_of_the_schedule_a_task() -> None:
    for module in rooms.worker_modules():
        app.loader.import_task_module(module)
    tasks = {name: task for name, task in app.tasks.items() if name.startswith("framework.")}
    assert all(isinstance(task, Task) for task in tasks.values())
    assert {entry["task"] for entry in rooms.schedule().values()} <= tasks.keys()
    for name in tasks:
        assert sum(room.owns(name) for room in rooms.rooms()) == 1, name


def test_no_two_rooms_have_a_job_of_one_name() -> None:
    assert len(rooms.schedule()) == sum(len(room.schedule) for room in rooms.rooms())
