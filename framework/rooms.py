"""The one list of rooms, and what each brings: the application, the worker and the schema are put together from it.

A room says in its `room.py` what it brings, by names only, so that whoever needs the models loads no views.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any

from celery.schedules import crontab

ROOMS = (
    "observability",
    "database",
    "storage",
    "web",
    "celery",
    "email",
    "audit",
    "repositories",
    "accounts",
    "backup",
    "projects",
    "groups",
    "webhooks",
    "statuses",
    "uploads",
    "edits",
    "browse",
    "githttp",
    "links",
    "profiles",
    "copies",
    "courses",
    "import_export",
    "api",
    "health",
    "admin",
    "drill",
    "cli",
)
"""From the lowest to the highest; the parts of the application are registered in this order."""

DEFAULT, MAIL, STORAGE = "default", "mail", "storage"
"""The kinds of queues: long work in the store keeps no mail waiting."""


@dataclass(frozen=True)
class Room:
    """What a room brings. Modules and `module:attribute` are named from the room on, tasks by their whole names.

    `parts` are modules with a function `register(app)`; `ahead` are functions that load what a process needs later;
    `followers` are told of each version that moves branches or tags, in its transaction;
    `arrivals` are told, in the transaction and with the group locked, of somebody who is in it by an address;
    `departures` are asked, in the transaction, before a project goes to another owner, and raise what forbids it;
    `kept_tags` tell, in the transaction, which tags of a project nobody may move or delete, as patterns;
    `commands` stand by the names that people type, and are loaded when one is run. `task_names` is how the names of its
    tasks begin. `queue` takes them, but for the `storage_tasks`, which are long work in the store.
    """

    name: str
    models: bool = False
    parts: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    followers: tuple[str, ...] = ()
    arrivals: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    kept_tags: tuple[str, ...] = ()
    blueprints: tuple[str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    worker: tuple[str, ...] = ()
    schedule: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    queue: str = DEFAULT
    storage_tasks: frozenset[str] = frozenset()
    task_names: str = ""

    def load(self, name: str) -> Any:
        """The module of this name in the room, or the attribute of one.

        Raises:
            ImportError, AttributeError: the room names what it does not have.
        """
        module, _, attribute = name.partition(":")
        loaded = import_module(f"framework.{self.name}.{module}")
        return getattr(loaded, attribute) if attribute else loaded

    def owns(self, task: str) -> bool:
        """Whether the task of this name is the room's."""
        return task.startswith(self.task_names or f"framework.{self.name}.")


@cache
def rooms() -> tuple[Room, ...]:
    """All rooms, the lowest first."""
    return tuple(import_module(f"framework.{name}.room").ROOM for name in ROOMS)


def queue_kind(task: str) -> str:
    """The kind of queue that takes the task of this name."""
    room = next((room for room in rooms() if room.owns(task)), None)
    if room is None:
        return DEFAULT
    return STORAGE if task in room.storage_tasks else room.queue


def worker_modules() -> list[str]:
    """What a worker loads: its limits and its sign of life, and the rooms' tasks."""
    return [f"framework.{room.name}.{module}" for room in rooms() for module in room.worker]


def schedule() -> dict[str, Mapping[str, Any]]:
    """The work of all rooms that recurs, by the names under which the database keeps it."""
    return {name: entry for room in rooms() for name, entry in room.schedule.items()}


def commands() -> list[str]:
    """The names of all commands."""
    return [name for room in rooms() for name in room.commands]


def load_command(name: str) -> Any:
    """The command of this name; None where no room has it."""
    return next((room.load(room.commands[name]) for room in rooms() if name in room.commands), None)


def load_all(kind: str) -> Iterator[Any]:
    """What all rooms bring of a kind, such as `parts`, `blueprints` or `followers`."""
    for room in rooms():
        for name in getattr(room, kind):
            yield room.load(name)


def load_ahead() -> None:
    """Load what the first uses of the rooms would load, and open nothing: processes that are forked later share it."""
    for load in load_all("ahead"):
        load()


def load_models() -> None:
    """Import the models of every room that has some, so that the metadata is whole."""
    for room in rooms():
        if room.models:
            room.load("models")


def every(task: str, *, needed: str | None = None, **period: int) -> dict[str, Any]:
    """An entry of the schedule: the task runs again when this much time has passed, as `timedelta` takes it.

    `needed` names a function, `module:function`: of the moment of the last run, in SQL, it makes the moments from which
    on there is something to do, each NULL while there is nothing. Then the task runs before its time.
    """
    return {"task": task, "schedule": timedelta(**period), "needed": needed}


def daily(task: str, hour: int, minute: int = 0) -> dict[str, Any]:
    """An entry of the schedule: the task runs each night at this time, in UTC."""
    return {"task": task, "schedule": crontab(hour=str(hour), minute=str(minute))}


def weekly(task: str, day: str, hour: int) -> dict[str, Any]:
    """An entry of the schedule: the task runs once a week, on the day with these three letters, in UTC."""
    return {"task": task, "schedule": crontab(day_of_week=day, hour=str(hour), minute="0")}
