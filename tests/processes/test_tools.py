"""The scripts behind the Makefile: which Python they take, and how they name what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.run import ROOT
from tools.node import NODE_WHEEL, programs


def script(folder: Path, name: str, body: str) -> None:
    """An executable of this name."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run_tool(name: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """What the tool says."""
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / name)], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("broken", ["exit 127", 'echo "pyenv: version `3.11` is not installed" >&2; exit 1'])
def test_it_passes_over_a_python_that_does_not_run(tmp_path: Path, broken: str) -> None:
    script(tmp_path, "python3", broken)
    script(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    found = run_tool("find-python", PATH=str(tmp_path), HOME=str(tmp_path))
    assert found.stdout.strip() == str(tmp_path / "python3.12")


def test_it_passes_over_a_python_that_is_too_old(tmp_path: Path) -> None:
    script(tmp_path, "python3", f'exec {sys.executable} -c "import sys; sys.exit(sys.argv[1] == \'-c\')" "$@"')
    script(tmp_path, "python", f'exec {sys.executable} "$@"')
    found = run_tool("find-python", PATH=str(tmp_path), HOME=str(tmp_path))
    assert found.stdout.strip() == str(tmp_path / "python")


def test_it_looks_behind_the_shims_of_pyenv(tmp_path: Path) -> None:
    versions = tmp_path / ".pyenv" / "versions" / "3.13.1" / "bin"
    versions.mkdir(parents=True)
    script(tmp_path, "python3", "exit 127")
    script(versions, "python3", f'exec {sys.executable} "$@"')
    found = run_tool("find-python", PATH=str(tmp_path), HOME=str(tmp_path))
    assert found.stdout.strip() == str(versions / "python3")


def test_it_takes_the_python_that_it_is_told(tmp_path: Path) -> None:
    script(tmp_path, "mine", f'exec {sys.executable} "$@"')
    found = run_tool("find-python", PATH=os.environ["PATH"], HOME=str(tmp_path), PYTHON=str(tmp_path / "mine"))
    assert found.stdout.strip() == str(tmp_path / "mine")


def test_it_names_the_packages_that_are_missing_to_those_who_may_not_install(tmp_path: Path) -> None:
    script(tmp_path, "dpkg-query", 'for last; do :; done; [ "$last" = redis-server ] || echo installed')
    script(tmp_path, "id", "echo 1000")
    told = run_tool("install-servers", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert told.returncode == 1
    assert told.stderr.strip().endswith("apt-get install redis-server")


def test_it_installs_what_is_wished_for_only_where_it_is_offered(tmp_path: Path) -> None:
    script(tmp_path, "dpkg-query", 'for last; do :; done; [ "$last" = firefox-esr ] || echo installed')
    script(tmp_path, "id", "echo 0")
    script(tmp_path, "apt-get", f'echo "$@" >>{tmp_path}/asked')
    for candidate, asked in (("(none)", False), ("128.0esr-1", True)):
        script(tmp_path, "apt-cache", f'echo "  Candidate: {candidate}"')
        told = run_tool("install-servers", PATH=f"{tmp_path}:/usr/bin:/bin")
        assert told.returncode == 0, told.stderr
        assert (tmp_path / "asked").exists() is asked
    assert (tmp_path / "asked").read_text() == "install --yes -qq --no-install-recommends firefox-esr\n"


def test_it_has_nothing_to_install_where_everything_is(tmp_path: Path) -> None:
    script(tmp_path, "dpkg-query", "echo installed")
    told = run_tool("install-servers", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_it_takes_the_machines_node_where_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "node", "echo v20.19.0")
    script(tmp_path, "npm", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert programs(tmp_path, oldest=(20, 19)) == ([str(tmp_path / "node")], [str(tmp_path / "npm")])


def test_it_passes_over_a_node_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "node", "echo v20.9.0")
    script(tmp_path, "npm", "exit 1")
    (tmp_path / NODE_WHEEL).mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    for command in programs(tmp_path, oldest=(20, 19)):
        assert command[0] == sys.executable
        assert str(tmp_path / NODE_WHEEL) in command[2]


def test_it_names_a_folder_in_memory_for_a_run_and_removes_those_of_ended_runs(tmp_path: Path) -> None:
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MEMORY_FOLDER": str(tmp_path)}
    script(tmp_path, "df", 'echo "Filesystem and so on"; echo "shm 2500000 500000 2000000 20% /dev/shm"')
    named = Path(run_tool("memory-folder", **given).stdout.strip())
    with subprocess.Popen(["true"]) as ended:
        left = Path(f"{str(named).removesuffix(str(os.getpid()))}{ended.pid}")
    named.mkdir()
    left.mkdir()
    assert run_tool("memory-folder", **given).stdout == f"{named}\n"
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "df", named])
    script(tmp_path, "df", 'echo "Filesystem and so on"; echo "shm 2500000 500001 1999999 21% /dev/shm"')
    assert run_tool("memory-folder", **given).stdout == ""
