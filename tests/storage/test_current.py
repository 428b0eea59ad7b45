"""The store of the process's configuration."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from framework import config
from framework.config import Config
from framework.storage.current import store
from tests.cast import on_each_deployment
from tests.servers.application.deployments import environment
from tests.servers.run import ROOT
from tests.storage.conftest import hex_of

pytestmark = on_each_deployment

_FORK = """
import os
from framework.storage.current import store

inherited = store()
child = os.fork()
if child == 0:
    os._exit(store() is inherited)
assert os.waitpid(child, 0)[1] == 0
assert store() is inherited
"""
_MADE_AHEAD = """
import os
from framework.storage import current
from framework.storage.current import load_ahead, store

load_ahead()
made, open_store = [], current.open_store
current.open_store = lambda settings: made.append(open_store(settings)) or made[-1]
for made_by_fork in (0, 1):
    child = os.fork()
    if child == 0:
        list(store().list(""))
        os._exit(len(made) != made_by_fork)
    assert os.waitpid(child, 0)[1] == 0, made_by_fork
    list(store().list(""))
    assert not made
"""


def test_it_is_the_one_that_the_settings_name(settings: Config) -> None:
    store().put("thing", b"body", sha256=hex_of(b"body"))
    in_a_folder = (settings.data / "objects" / "thing").exists()
    assert in_a_folder == (settings.s3_bucket is None)
    assert store().read("thing") == b"body"


def test_it_is_opened_once(settings: Config) -> None:
    assert store() is store()


@pytest.mark.deployments("embedded")
def test_other_settings_have_another_store(settings: Config, tmp_path: Path) -> None:
    first = store()
    config.use(replace(settings, data=tmp_path / "elsewhere"))
    assert store() is not first
    assert list(store().list("")) == []


def test_a_forked_process_has_its_own(settings: Config) -> None:
    subprocess.run([sys.executable, "-c", _FORK], check=True, cwd=ROOT, env=environment(settings))


def test_a_fork_uses_what_was_made_ahead_unless_the_process_has_used_it(settings: Config) -> None:
    subprocess.run([sys.executable, "-c", _MADE_AHEAD], check=True, cwd=ROOT, env=environment(settings))
