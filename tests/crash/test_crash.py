"""A writer, a consolidation, a purge or a take-over is killed at some of its points; nothing acknowledged is lost.

`make test-full` tries every point, and five hundred pairs of writers.
"""

import json
import subprocess
import sys

import pytest

from tests.servers.run import ROOT


@pytest.mark.parametrize(
    "chosen",
    [
        ["run", "--pairs", "6", "--every", "12"],
        pytest.param(["run", "--repack", "consolidation", "--every", "24"], marks=pytest.mark.long),
        pytest.param(["run", "--repack", "purge", "--every", "48"], marks=pytest.mark.long),
        pytest.param(["take_over", "--every", "90"], marks=pytest.mark.long),
    ],
    ids=["writers", "consolidation", "purge", "take-over"],
)
def test_no_kill_loses_halves_or_doubles_a_change(chosen: list[str]) -> None:
    module, *options = chosen
    command = [sys.executable, "-m", f"tests.crash.{module}", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == []
    assert told["points"] > 50
