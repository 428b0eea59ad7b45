"""Every local copy vanishes before every request: people and git notice nothing of it."""

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from tests.cast import SignIn, on_each_deployment_in_full
from tests.githttp.client import Person
from tests.servers.application.threaded import threaded

pytestmark = on_each_deployment_in_full


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """An application that forgets."""
    return own_app


@pytest.fixture
def forgetful(app: Flask, settings: Config, with_settings: Callable[..., Config]) -> Iterator[str]:
    """The address of a server that loses all copies and pages before each request; a file of 4 KiB is a large one."""
    with_settings(large_blob_bytes=4096)
    for folder in ("cache", "pages"):
        app.before_request(partial(shutil.rmtree, settings.data / folder, ignore_errors=True))
    with threaded(app) as url:
        yield url


def test_nobody_notices(
    forgetful: str, signed_in: SignIn, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    browser = signed_in(alice)
    large = os.urandom(100_000)
    sent = [(io.BytesIO(b"small\n"), "notes/a.txt"), (io.BytesIO(large), "large.bin")]
    page = f"{secret.path}/upload/main"
    assert browser.submit(page, files=sent, message="By browser").status_code == 303

    person = Person("alice", tmp_path, forgetful)
    work = person.clone(secret.full_name, "work")
    assert (work.folder / "large.bin").read_bytes() == large
    pushed = work.commit("By git", b__txt="from git\n")
    work.push(secret.full_name, "main")

    assert browser.submit(page, files=(io.BytesIO(b"changed\n"), "notes/a.txt"), message="Again").status_code == 303
    work.git("pull", "-q", person.address(secret.full_name), "main")
    assert (work.folder / "notes" / "a.txt").read_text() == "changed\n"
    assert work.sha("HEAD^") == pushed
    assert work.git("fsck", "--strict").stderr == ""

    assert "By git" in browser.get(f"{secret.path}/commits/main").text
    assert browser.get(f"{secret.path}/raw/main/large.bin").data == large
    archive = browser.get(f"{secret.path}/archive/main.zip").data
    with zipfile.ZipFile(io.BytesIO(archive)) as unpacked:
        contents = {Path(name).name: unpacked.read(name) for name in unpacked.namelist() if not name.endswith("/")}
    assert contents == {"a.txt": b"changed\n", "b.txt": b"from git\n", "large.bin": large}
