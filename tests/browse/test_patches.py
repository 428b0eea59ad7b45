"""The sections of a patch belong to the files that their first lines name, in whatever order git prints them."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from framework.browse.diff.file_change import read_raw_changes
from framework.browse.diff.patches import Sections

FIRST = {
    b"plain.txt": b"one\n",
    b"two words.txt": b"one\n",
    b"a b/c d": b"one\n",
    b'quote".txt': b"one\n",
    b"back\\slash": b"one\n",
    b"caf\xc3\xa9": b"one\n",
    b"latin \xe9": b"one\n",
    b"tab\t and\nline\x01\x7f": b"one\n",
    b"moved \xc3\xa9": b"".join(b"%d\n" % number for number in range(200)),
    b"mode": b"one\n",
    b"gone": b"one\n",
    b"link": b"one\n",
    b"binary": b"\0\1",
}
OPTIONS = ("-r", "-M", "--raw", "-p", "-z", "--no-abbrev")


def git(folder: Path, *arguments: str | bytes) -> bytes:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository of two commits, between which each file changed in its own way."""
    git(tmp_path, "init", "-q")
    for name, content in FIRST.items():
        file = tmp_path / os.fsdecode(name)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "First")
    for name in FIRST:
        with (tmp_path / os.fsdecode(name)).open("ab") as changed:
            changed.write(b"diff --git a/plain.txt b/plain.txt\nof " + name.hex().encode() + b"\n")
    (tmp_path / "moved \u00e9").rename(tmp_path / "moved b")
    (tmp_path / "mode").write_bytes(FIRST[b"mode"])
    (tmp_path / "mode").chmod(0o755)
    (tmp_path / "gone").unlink()
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("plain.txt")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Second")
    return tmp_path


@pytest.mark.parametrize("turned", [False, True])
def test_sections_are_found_by_name(folder: Path, turned: bool) -> None:
    raw, _end, patch = git(folder, "diff-tree", *OPTIONS, "HEAD~1", "HEAD").partition(b"\0\0")
    printed = re.split(rb"^(?=diff --git )", patch, flags=re.MULTILINE)[1:]
    types = [part for part in printed if part.startswith(b"diff --git a/link ")]
    others = [part for part in printed if part not in types]
    sections = Sections(b"".join([*reversed(others), *types] if turned else printed))
    files = list(read_raw_changes(raw + b"\0"))
    assert len(files) == len(FIRST)
    assert {file.status for file in files} == set("MDRT")
    for file in files:
        own = sections.take(file.old_path, file.path, count=2 if file.status == "T" else 1)
        if file.status == "T":
            assert own.index(b"deleted file mode 100644") < own.index(b"new file mode 120000")
        elif file.path == "mode":
            assert own == b"old mode 100644\nnew mode 100755\n"
        elif file.path == "binary":
            assert own.endswith(b"Binary files a/binary and b/binary differ\n")
        elif file.status != "D":
            assert b"+of " + os.fsencode(file.old_path).hex().encode() + b"\n" in own


def test_a_section_that_is_missing_is_not_taken_from_another_file() -> None:
    sections = Sections(b"diff --git a/a b/a\nold mode 100644\nnew mode 100755\n")
    with pytest.raises(AssertionError, match="'b'"):
        sections.take("b", "b")
    assert sections.take("a", "a") == b"old mode 100644\nnew mode 100755\n"
