"""`flask shell`: everything is at hand, in the prompt that is installed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.cli.shell import shell_names
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench
from tests.servers.application.deployments import environment
from tests.servers.run import ROOT

FilesOf = Callable[[ProjectAccess], Bench]
ASKED = """
print("found", people["alice"].email, len(projects), projects["alice/website"].name, [p.name for p in people])
print("known", session.scalars(select(User.name)).all(), Project.__tablename__, versions["alice/website"])
print("prompt", "get_ipython" in dir())
"""


@on_each_deployment
def test_people_projects_and_versions_are_at_hand(alice: Account, website: ProjectAccess, files_of: FilesOf) -> None:
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    names = shell_names()
    assert repr(names["people"]) == "1: alice"
    assert [version.version for version in names["versions"]] == [1]
    assert [version.actor for version in names["versions"]["alice/website"]] == ["alice"]
    with names["session"] as session:
        session.get(names["User"], alice.id).full_name = "Alice"
        session.commit()
    again = shell_names()
    with again["session"]:
        assert again["people"]["alice"].full_name == "Alice"


@pytest.mark.long
@pytest.mark.parametrize("ipython", [True, False])
def test_the_prompt_is_ipython_where_it_is_installed(
    settings: Config, website: ProjectAccess, tmp_path: Path, ipython: bool
) -> None:
    given = {**environment(settings), "HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    if not ipython:
        (tmp_path / "sitecustomize.py").write_text(
            "import importlib.util as u\nf = u.find_spec\n"
            "u.find_spec = lambda name, *more: None if name == 'IPython' else f(name, *more)\n"
        )
        given["PYTHONPATH"] = str(tmp_path)
    command = [sys.executable, "-m", "flask", "shell"]
    done = subprocess.run(command, cwd=ROOT, env=given, input=ASKED, capture_output=True, text=True, check=True)
    assert "found alice@example.org 1 website ['alice']" in done.stdout, done.stderr
    assert "known ['alice'] projects []" in done.stdout
    assert f"prompt {ipython}" in done.stdout
