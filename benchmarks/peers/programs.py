"""The programs of peers on this machine: Debian's, and those of PyPI in an environment of their own."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
ENVIRONMENT = ROOT / "var" / "peers"
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin", "/usr/lib/git-core")
"""Where Debian puts servers that the PATH of a person does not name."""
LAST_LINES = 3


class Absent(Exception):
    """A peer cannot run on this machine; the text says why."""


def find_program(name: str) -> str:
    """The path of a program.

    Raises:
        Absent: it is not installed.
    """
    for folders in (None, ":".join(SYSTEM_FOLDERS)):
        if found := shutil.which(name, path=folders):
            return found
    raise Absent(f"there is no {name}")


def find_python_program(name: str) -> str:
    """The path of a program of `requirements.txt`, which is installed when it is first asked for.

    Raises:
        Absent: it cannot be installed.
    """
    return str(_environment() / "bin" / name)


@cache
def _environment() -> Path:
    """The environment with exactly the packages of the file."""
    made, installed = REQUIREMENTS.read_text(), ENVIRONMENT / "requirements.txt"
    if not installed.exists() or installed.read_text() != made:
        _run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
        _run(str(ENVIRONMENT / "bin" / "pip"), "install", "--quiet", "--requirement", str(REQUIREMENTS))
        installed.write_text(made)
    return ENVIRONMENT


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).splitlines()[-LAST_LINES:])
        raise Absent(f"{REQUIREMENTS.name} cannot be installed: {said}")
