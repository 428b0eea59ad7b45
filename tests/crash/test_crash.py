"""A writer is killed at some of its points, alone and beside another one; nothing acknowledged is lost.

`make test-full` tries every point, five hundred pairs of writers, and consolidations, purges, take-overs and requests.
"""

import json
import subprocess
import sys

from tests.servers.run import ROOT


def test_no_kill_loses_halves_or_doubles_a_change() -> None:
    command = [sys.executable, "-m", "tests.crash.run", "--pairs", "6", "--every", "12"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == []
    assert told["points"] > 50
