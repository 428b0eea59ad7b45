"""`make release VERSION=1.2.3`: Unreleased of CHANGELOG.md becomes that version, by one commit with a tag.

Nothing is changed unless everything fits: no uncommitted change, a newer version, and something to release.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = ROOT / "CHANGELOG.md"
PACKAGE = ROOT / "framework" / "__init__.py"

_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_CURRENT = re.compile(r'(?<=^__version__ = ")[^"]+(?="$)', re.MULTILINE)
_UNRELEASED = re.compile(r"^## \[Unreleased\]\n(?P<entries>.*?)(?=^## \[|\Z)", re.MULTILINE | re.DOTALL)

Number = tuple[int, int, int]


class CannotRelease(Exception):
    """Why there is no release, in one sentence."""


def main(version: str) -> str:
    """Release this version; what to do next.

    Raises:
        CannotRelease: nothing was changed.
    """
    check_version(version)
    entries = unreleased_entries()
    check_repository(version)
    today = datetime.now(UTC).date().isoformat()
    released = f"## [Unreleased]\n\n## [{version}] - {today}\n\n{entries}\n\n"
    CHANGELOG.write_text(_UNRELEASED.sub(lambda _: released, CHANGELOG.read_text()).rstrip("\n") + "\n")
    PACKAGE.write_text(_CURRENT.sub(version, PACKAGE.read_text()))
    git("commit", "--quiet", "--message", f"Release {version}", "--", str(CHANGELOG), str(PACKAGE))
    git("tag", "--annotate", "--message", f"Holdfast {version}", f"v{version}")
    return f"Released {version}. To publish it: git push --atomic origin HEAD v{version}"


def check_version(version: str) -> None:
    """Refuse what is no version, or none that is greater than the current one."""
    current = current_version()
    if not version:
        raise CannotRelease(f"Name the version, for example: make release VERSION={_following(current)}")
    if number(version) <= number(current):
        raise CannotRelease(f"{version} is not greater than the current version, {current}")


def check_repository(version: str) -> None:
    """Refuse where the commit would leave something out, or the tag is taken."""
    if git("status", "--porcelain"):
        raise CannotRelease("There are uncommitted changes; commit or stash them first")
    if git("tag", "--list", f"v{version}"):
        raise CannotRelease(f"The tag v{version} already exists")


def current_version() -> str:
    """The version in framework/__init__.py."""
    found = _CURRENT.search(PACKAGE.read_text())
    if found is None:
        raise CannotRelease(f"{PACKAGE.relative_to(ROOT)} has no __version__")
    return found[0]


def number(version: str) -> Number:
    """The three parts of a version (Semantic Versioning 2.0, without pre-releases)."""
    found = _SEMVER.fullmatch(version)
    if found is None:
        raise CannotRelease(f"{version!r} is not a version; write three numbers, MAJOR.MINOR.PATCH")
    return int(found[1]), int(found[2]), int(found[3])


def unreleased_entries() -> str:
    """What the changelog says below Unreleased."""
    found = _UNRELEASED.search(CHANGELOG.read_text())
    if found is None or not re.search(r"^- \S", found["entries"], re.MULTILINE):
        raise CannotRelease("CHANGELOG.md has no entries below [Unreleased]; say what is new there")
    return found["entries"].strip()


def git(*arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _following(current: str) -> str:
    major, minor, _patch = number(current)
    return f"{major}.{minor + 1}.0"


if __name__ == "__main__":
    try:
        sys.stdout.write(main(sys.argv[1] if len(sys.argv) > 1 else "") + "\n")
    except CannotRelease as reason:
        sys.exit(f"No release: {reason}.")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"No release: git {failed.cmd[1]} failed; `git status` shows what is left to undo.")
