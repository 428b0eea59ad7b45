"""A crowd of writers takes turns: everybody lands, and nobody twice."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.gitcore import git
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.models import Ref, Repository, StagedPush, Version, WriterTicket
from framework.repositories.write import write_queue
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench
from tests.servers.application.deployments import environment
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import ROOT

pytestmark = on_each_deployment

PROCESSES, THREADS, ROUNDS = 3, 5, 2


def _tickets() -> int:
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(WriterTicket)) or 0


def never() -> float:
    """A deadline that only ends what hangs."""
    return time.monotonic() + HANG_SECONDS


def past() -> float:
    """A deadline that is over, so that whoever has to wait does not."""
    return time.monotonic() - 1


def test_a_turn_is_one_writers_until_it_is_given_back(bench: Bench) -> None:
    assert not write_queue.is_taken(bench.repository_id)
    assert write_queue.wait_for_turn(bench.repository_id, "first", deadline=never())
    assert write_queue.wait_for_turn(bench.repository_id, "first", deadline=never()), "held on"
    assert write_queue.is_taken(bench.repository_id)
    assert not write_queue.wait_for_turn(bench.repository_id, "second", deadline=past())
    write_queue.release(bench.repository_id, "second")
    assert write_queue.is_taken(bench.repository_id), "only its holder ends a turn"
    write_queue.release(bench.repository_id, "first")
    assert write_queue.wait_for_turn(bench.repository_id, "second", deadline=never())


def test_turns_come_in_the_order_in_which_they_were_asked_for(bench: Bench) -> None:
    names = ["first", "second", "third", "fourth"]
    assert write_queue.wait_for_turn(bench.repository_id, "first", deadline=never())
    landed: list[str] = []

    def wait(name: str) -> None:
        assert write_queue.wait_for_turn(bench.repository_id, name, deadline=never())
        landed.append(name)
        write_queue.release(bench.repository_id, name)

    threads = []
    for count, name in enumerate(names[1:], 2):
        threads.append(threading.Thread(target=wait, args=[name]))
        threads[-1].start()
        while _tickets() < count:
            time.sleep(0.01)
    write_queue.release(bench.repository_id, "first")
    for thread in threads:
        thread.join()
    assert landed == names[1:]
    assert _tickets() == 0


def test_who_waits_for_too_long_leaves_the_queue(bench: Bench) -> None:
    write_queue.wait_for_turn(bench.repository_id, "first", deadline=never())
    assert not write_queue.wait_for_turn(bench.repository_id, "second", deadline=past())
    write_queue.release(bench.repository_id, "first")
    assert not write_queue.is_taken(bench.repository_id)


def test_the_turn_of_a_killed_process_lapses(bench: Bench) -> None:
    write_queue.wait_for_turn(bench.repository_id, "killed", deadline=never())
    with transaction() as session:
        session.scalars(select(WriterTicket)).one().expires_at = now()
    assert not write_queue.is_taken(bench.repository_id)
    assert write_queue.wait_for_turn(bench.repository_id, "next", deadline=never())


def test_a_database_slower_than_a_lease_does_not_keep_a_writer_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write_queue.wait_for_turn(bench.repository_id, "first", deadline=never())
    monkeypatch.setattr(write_queue, "LEASE", timedelta(0))  # as good as over when it has been taken
    assert not write_queue.wait_for_turn(bench.repository_id, "second", deadline=past())
    write_queue.release(bench.repository_id, "first")
    assert write_queue.wait_for_turn(bench.repository_id, "second", deadline=past())


@pytest.mark.long
def test_a_crowd_on_one_branch_all_land_and_nobody_twice(bench: Bench, settings: Config, tmp_path: Path) -> None:
    """Three processes with five threads each, a cache of its own for each process, two rounds."""
    bench.write(bench.put("start", b""))
    children = [_writers(bench, settings, tmp_path, number) for number in range(PROCESSES)]
    told = [json.loads(child.communicate()[0]) for child in children]
    acknowledged = sorted(sha for shas in told for sha in shas)
    expected = PROCESSES * THREADS * ROUNDS
    assert len(set(acknowledged)) == expected
    with open_copy(bench.repository_id) as copy:
        tip = resolve(copy, "main")
        assert int(git.run(copy.path, "rev-list", "--count", tip)) == expected + 1
        assert sorted(one.sha for one in read_log(copy, tip, limit=expected + 1)[:-1]) == acknowledged
        assert len(list_folder(copy, find(copy, tip, ""))) == expected + 1
    with read_transaction() as session:
        assert session.get_one(Repository, bench.repository_id).version == expected + 1
        assert session.scalar(select(func.count()).select_from(Version)) == expected + 1
        assert session.scalar(select(func.count()).select_from(StagedPush).where(StagedPush.state == "staged")) == 0
        assert session.scalars(select(Ref.sha)).all() == [tip]


def _writers(bench: Bench, settings: Config, folder: Path, number: int) -> "subprocess.Popen[str]":
    """A process with a cache of its own, on the same database and store."""
    own = replace(settings, data=folder / f"process-{number}")
    own.data.mkdir()
    (own.data / "objects").symlink_to(settings.data / "objects")
    command = [sys.executable, "-m", "tests.repositories.crowd", bench.repository_id, str(number)]
    return subprocess.Popen(
        [*command, str(THREADS), str(ROUNDS)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment(own)},
        stdout=subprocess.PIPE,
        text=True,
    )
