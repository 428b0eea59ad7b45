"""A process that answers a keyed commit is killed at many points; whoever repeats the request makes no second one."""

import json
import subprocess
import sys

import pytest

from tests.servers.run import ROOT


@pytest.mark.timeout(900)  # some dozens of deployments are copied, killed and asked again
def test_no_kill_doubles_or_loses_a_keyed_commit() -> None:
    command = [sys.executable, "-m", "tests.api.killed", "--step", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == []
    assert 5 <= told["committed"] < told["points"] - 10, "some died before the commit point, some after it"
