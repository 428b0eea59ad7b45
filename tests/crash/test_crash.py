"""A writer is killed at every single point, and pairs of writers at drawn ones; nothing acknowledged is lost."""

import json
import subprocess
import sys

import pytest

from tests.servers.run import ROOT

PAIRS = 500


@pytest.mark.timeout(1200)  # some hundred projects are made, killed and checked
def test_no_kill_loses_halves_or_doubles_a_change() -> None:
    command = [sys.executable, "-m", "tests.crash.run", "--pairs", str(PAIRS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == []
    assert told["points"] > 50


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("how", "every"), [("consolidation", 1), ("purge", 5)])
def test_no_kill_of_a_consolidation_loses_anything_or_disturbs_a_writer(how: str, every: int) -> None:
    command = [sys.executable, "-m", "tests.crash.run", "--repack", how, "--every", str(every)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == []
    assert told["points"] > 50
