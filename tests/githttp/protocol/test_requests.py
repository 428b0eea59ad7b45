"""What pushes and clones ask of the object store: requests are what it costs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from framework.projects.lifecycle.operations import create_project
from framework.repositories.cache import eviction
from framework.storage.counting import requests
from tests.cast import new_account
from tests.githttp.client import Person, Work
from tests.servers.application.threaded import threaded

MIB = 1 << 20


@pytest.fixture
def alice(app: Flask, tmp_path: Path) -> Iterator[Person]:
    """Alice's git, and a server in this process."""
    new_account("alice")
    folder = tmp_path / "alice"
    folder.mkdir()
    with threaded(app) as url:
        yield Person("alice", folder, url)


@pytest.fixture
def work(alice: Person) -> Work:
    """Alice's working copy of a private project that her first push has made."""
    made = alice.work()
    made.commit("First", a="1")
    with requests() as first:
        made.push("alice/notes", "main")
    assert first.operations == ["put"] * 2, "whose project it has made itself, of that it need not read the log"
    return made


def test_creating_a_project_asks_nothing(app: Flask) -> None:
    account = new_account("bob")
    with requests() as asked:
        create_project(account, name="notes", description="", visibility="private")
    assert asked.total == 0


def test_a_push_of_any_number_of_files(work: Work) -> None:
    work.commit("Many", **{f"file-{number}": str(number) for number in range(40)})
    with requests() as asked:
        work.push("alice/notes", "main")
    assert asked.operations == ["put"] * 2


def test_a_push_with_large_files(work: Work) -> None:
    work.commit("Large", large=os.urandom(2 * MIB), larger=os.urandom(3 * MIB), small="s")
    with requests() as asked:
        work.push("alice/notes", "main")
    assert asked.operations == ["put"] * 4


def test_a_refused_push_asks_nothing(work: Work) -> None:
    rewritten = work.git("commit-tree", "HEAD^{tree}", "-m", "Another root").stdout.strip()
    with requests() as asked:
        assert work.push("alice/notes", "--force", f"{rewritten}:main", check=False).returncode
    assert asked.total == 0


def test_a_warm_clone_and_a_cold_one(work: Work, alice: Person) -> None:
    work.commit("Large", large=os.urandom(2 * MIB))
    work.push("alice/notes", "main")
    with requests() as full:
        alice.clone("alice/notes", "first")
    assert full.total == 0, "the push has left everything here"
    for copy in eviction.copies():
        eviction.evict(copy.stem)
    with requests() as cold:
        alice.clone("alice/notes", "second")
    assert cold.operations == ["get"] * 4, "two history packs, and pack and index of large blobs"
