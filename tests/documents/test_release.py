"""`make release`: refuses clearly and then changes nothing, or leaves one commit with a tag."""

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework import __version__
from tests.servers.run import ROOT

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Alice"), ("EMAIL", "alice@example.org"))
}
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- A bell that rings \\1.

## [1.9.0] - 2026-01-31

### Fixed

- A whistle.
"""


class Clone:
    """A clone of a small repository that has what a release touches, at version 1.9.0."""

    def __init__(self, folder: Path) -> None:
        origin, self.folder = folder / "origin", folder / "clone"
        (origin / "framework").mkdir(parents=True)
        (origin / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "release.py", origin / "tools")
        package = (ROOT / "framework" / "__init__.py").read_text()
        (origin / "framework" / "__init__.py").write_text(package.replace(__version__, "1.9.0"))
        (origin / "CHANGELOG.md").write_text(CHANGELOG)
        git(origin, "init", "--quiet")
        git(origin, "add", ".")
        git(origin, "commit", "--quiet", "--message", "First")
        git(folder, "clone", "--quiet", str(origin), str(self.folder))

    def release(self, *version: str) -> subprocess.CompletedProcess[str]:
        """What `make release` runs."""
        command = [sys.executable, str(self.folder / "tools" / "release.py"), *version]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

    def write(self, name: str, text: str) -> None:
        """Commit a file."""
        (self.folder / name).write_text(text)
        git(self.folder, "add", name)
        git(self.folder, "commit", "--quiet", "--message", "Another")

    @property
    def state(self) -> str:
        """The commit, the tags and what is not committed."""
        asked = (("rev-parse", "HEAD"), ("tag", "--list"), ("status", "--porcelain"))
        return "\n".join(git(self.folder, *one) for one in asked)


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", **IDENTITY}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.mark.parametrize("version", ["1.9.1", "1.10.0", "2.0.0"])
def test_a_release_is_one_commit_with_a_tag(clone: Clone, version: str) -> None:
    begun = datetime.now(UTC).date()
    done = clone.release(version)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Released {version}. To publish it: git push --atomic origin HEAD v{version}\n"
    changelog = (clone.folder / "CHANGELOG.md").read_text()
    day = re.search(rf"^## \[{version}\] - (\S+)$", changelog, re.MULTILINE)
    assert day is not None
    assert day[1] in {begun.isoformat(), (begun + timedelta(days=1)).isoformat()}
    assert changelog == CHANGELOG.replace("## [Unreleased]\n", f"## [Unreleased]\n\n{day[0]}\n")
    assert f'__version__ = "{version}"\n' in (clone.folder / "framework" / "__init__.py").read_text()
    assert git(clone.folder, "log", "-1", "--format=%s %D").startswith(f"Release {version} HEAD")
    assert git(clone.folder, "cat-file", "-t", f"v{version}") == "tag"
    assert git(clone.folder, "rev-parse", f"v{version}^{{commit}}") == git(clone.folder, "rev-parse", "HEAD")
    assert git(clone.folder, "show", "--format=", "--name-only") == "CHANGELOG.md\nframework/__init__.py"
    assert not git(clone.folder, "status", "--porcelain")


def test_nothing_is_left_to_release_after_a_release(clone: Clone) -> None:
    assert clone.release("2.0.0").returncode == 0
    assert "no entries below [Unreleased]" in clone.release("2.0.1").stderr


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", "Name the version, for example: make release VERSION=1.10.0"),
        ("1.9", "'1.9' is not a version; write three numbers, MAJOR.MINOR.PATCH"),
        ("v2.0.0", "'v2.0.0' is not a version"),
        ("2.0.0-rc.1", "'2.0.0-rc.1' is not a version"),
        ("02.0.0", "'02.0.0' is not a version"),
        ("1.9.0", "1.9.0 is not greater than the current version, 1.9.0"),
        ("1.8.99", "1.8.99 is not greater than the current version, 1.9.0"),
    ],
)
def test_a_version_that_does_not_follow_is_refused(clone: Clone, version: str, reason: str) -> None:
    refused(clone, version, reason)


def test_a_release_needs_entries(clone: Clone) -> None:
    clone.write("CHANGELOG.md", CHANGELOG.replace("- A bell that rings \\1.", ""))
    refused(clone, "2.0.0", "CHANGELOG.md has no entries below [Unreleased]; say what is new there")


def test_uncommitted_changes_are_refused(clone: Clone) -> None:
    (clone.folder / "new.txt").write_text("new")
    refused(clone, "2.0.0", "There are uncommitted changes; commit or stash them first")


def test_a_tag_that_exists_is_refused(clone: Clone) -> None:
    git(clone.folder, "tag", "v2.0.0")
    refused(clone, "2.0.0", "The tag v2.0.0 already exists")


def test_the_newest_version_of_the_changelog_is_that_of_the_code() -> None:
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert headings[1][0] == __version__
    assert all(day for _version, day in headings[1:])


def refused(clone: Clone, version: str, reason: str) -> None:
    before = clone.state
    done = clone.release(version)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"No release: {reason}")
    assert done.stderr.count("\n") == 1
    assert clone.state == before
