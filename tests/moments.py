"""Databases that go back to an earlier moment, or are lost: what a restore from a backup leaves a server with."""

import shutil
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from framework import rooms
from framework.database.session import read_transaction, transaction
from framework.database.types import Base
from framework.repositories.cache.eviction import copies
from framework.repositories.catalog.known_refs import forget_refs
from framework.repositories.journal import divergence
from tests.audit.triggers import lifted_triggers


@dataclass(frozen=True)
class Moment:
    """Every row of every table, by table."""

    rows: dict[str, list[dict[str, Any]]]


NOTHING = Moment({})
"""A database that was made anew."""


def remember() -> Moment:
    """What the database holds now."""
    rooms.load_models()
    with read_transaction() as session:
        rows = {
            table.name: [dict(row) for row in session.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }
    return Moment(rows)


def put_back(moment: Moment) -> None:
    """Have the database hold exactly that, and this process start anew on an empty disk.

    The bucket stays this database's: what has to happen for that is asked for in tests of its own.
    """
    kept = remember().rows["deployment"]
    rooms.load_models()
    with transaction() as session:
        with lifted_triggers(session):
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
        for table in Base.metadata.sorted_tables:
            if rows := kept if table.name == "deployment" else moment.rows.get(table.name):
                session.execute(insert(table), rows)
    start_anew()


def start_anew() -> None:
    """What a restarted dyno remembers: nothing."""
    divergence._written.clear()
    forget_refs()
    for copy in copies():
        shutil.rmtree(copy)
