"""requirements.txt alone carries production: everything that is imported is in it, and nothing comes from elsewhere.

requirements.in and requirements-dev.in name what is wanted itself; `make requirements` writes the others from them.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.servers.application.production import FOLDER, production_programs
from tests.servers.run import ROOT, Run

PYTHONS = ("3.11.0", "3.11.3", "3.12.0", "3.13.0", "3.14.0")
OURS = {"app", "celeryconfig", "framework", "tools"}
FILES = ["app.py", "celeryconfig.py", "gunicorn.conf.py", "framework/**/*.py", "tools/**/*.py", "bin/**/*.py"]
DEVELOPMENT_FILES = ["benchmarks/**/*.py", "tests/**/*.py"]
DEVELOPMENT_IS_OURS = {"benchmarks", "tests"}
FIND = (
    "import importlib.util, json, sys; print(json.dumps([n for n in sys.argv[1:] if not importlib.util.find_spec(n)]))"
)
LOAD = """
import app
from kombu.transport import get_transport_cls
from framework.celery.celery import celery
from framework.environment import addresses
celery.loader.import_default_modules()
for scheme in addresses.BROKERS:
    get_transport_cls(scheme)
"""


@pytest.fixture
def python(run: Run) -> str:
    """The interpreter of an environment that holds requirements.txt alone."""
    return str(production_programs(run) / "python")


def canonical(name: str) -> str:
    """The name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(file: Path) -> Iterator[str]:
    """The first names of the modules that a file imports when it runs."""
    tree = ast.parse(file.read_text())
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    skipped = {inner for node in checks for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node not in skipped and isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif node not in skipped and isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def foreign(patterns: list[str]) -> set[str]:
    """The modules of others that these files import."""
    files = (file for pattern in patterns for file in ROOT.glob(pattern) if "node_modules" not in file.parts)
    names = {name for file in files for name in imported(file)}
    return names - OURS - sys.stdlib_module_names


def lines(name: str) -> list[str]:
    """The requirements of a file with their options, each as one line."""
    whole = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    return [line for line in whole if line and not line.lstrip().startswith(("#", "-r ", "-c "))]


def pinned(name: str) -> list[Requirement]:
    """What a compiled file has installed."""
    return [Requirement(line.partition(" --hash")[0]) for line in lines(name)]


def wanted(name: str) -> dict[str, Requirement]:
    """What a file names that people write."""
    found = [Requirement(line.partition("#")[0]) for line in lines(name)]
    return {canonical(each.name): each for each in found}


def installed() -> list[Distribution]:
    """The packages of the environment."""
    [packages] = (FOLDER / "lib").glob("python3*/site-packages")
    return list(distributions(path=[str(packages)]))


def test_every_package_is_pinned_and_none_is_there_beside(python: str) -> None:
    here = [each for each in pinned("requirements.txt") if each.marker is None or each.marker.evaluate()]
    assert {f"{canonical(each.name)}=={each.version}" for each in installed()} == {
        f"{canonical(each.name)}{each.specifier}" for each in here
    }


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_hashes_and_names_no_registry(name: str) -> None:
    assert [line for line in lines(name) if not re.search(r"==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []
    assert re.findall(r"https?://\S+|--\S*index\S*|--find-links", (ROOT / name).read_text()) == []


@pytest.mark.parametrize(
    ("source", "compiled"), [("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt")]
)
def test_what_is_wanted_is_compiled(source: str, compiled: str) -> None:
    assert wanted(source).keys() - {canonical(each.name) for each in pinned(compiled)} == set()


def test_development_has_what_production_has() -> None:
    production, development = (
        {f"{canonical(each.name)}{each.specifier}" for each in pinned(name)}
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert production - development == set()
    assert wanted("requirements.in").keys() & wanted("requirements-dev.in").keys() == set()


def test_what_is_imported_is_wanted_itself() -> None:
    packages = packages_distributions()
    production = {canonical(packages[module][0]) for module in foreign(FILES)}
    assert production - wanted("requirements.in").keys() == set()
    named = wanted("requirements.in").keys() | wanted("requirements-dev.in").keys()
    modules = foreign(DEVELOPMENT_FILES) - DEVELOPMENT_IS_OURS
    assert {canonical(packages[module][0]) for module in modules} - named == set()


def test_what_is_wanted_without_an_import_says_why() -> None:
    packages = packages_distributions()
    production = {canonical(packages[module][0]) for module in foreign(FILES)}
    unexplained = {canonical(Requirement(line).name) for line in lines("requirements.in") if not line.partition("#")[2]}
    assert unexplained - production == set()


@pytest.mark.parametrize("version", PYTHONS)
def test_what_a_package_requires_on_another_python_is_pinned_too(python: str, version: str) -> None:
    there = {"python_full_version": version, "python_version": version.rpartition(".")[0]}
    extras = {name: {"", *each.extras} for name, each in wanted("requirements.in").items()}
    needed = {
        canonical(required.name)
        for each in installed()
        for required in map(Requirement, each.requires or [])
        for extra in extras.get(canonical(each.name), {""})
        if required.marker is None or required.marker.evaluate({**there, "extra": extra})
    }
    assert {"kombu", "packaging"} <= needed
    assert needed - {canonical(each.name) for each in pinned("requirements.txt")} == set()


def test_no_package_lacks_one_that_it_requires(python: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "check"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_every_module_that_a_file_imports_is_there(python: str) -> None:
    names = foreign(FILES)
    assert {"celery", "flask", "honcho"} <= names
    assert json.loads(subprocess.check_output([python, "-c", FIND, *sorted(names)])) == []


def test_everything_loads_on_a_system_without_time_zones(python: str, tmp_path: Path) -> None:
    """What a library imports only when it is used, such as kombu's transports, and what it expects of the system."""
    variables = {"PATH": os.environ["PATH"], "HOLDFAST_DATA": str(tmp_path), "PYTHONTZPATH": ""}
    subprocess.run([python, "-W", "error", "-c", LOAD], check=True, cwd=ROOT, env=variables)
