"""A process that answers a keyed commit is killed at some points; whoever repeats the request makes no second one."""

import json
import subprocess
import sys

import pytest

from tests.servers.run import ROOT


@pytest.mark.long
def test_no_kill_doubles_or_loses_a_keyed_commit() -> None:
    command = [sys.executable, "-m", "tests.crash.killed_requests", "--step", "12"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == []
    assert 1 <= told["committed"] < told["points"] - 2, "some died before the commit point, some after it"
