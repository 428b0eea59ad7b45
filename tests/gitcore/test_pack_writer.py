"""Packs as streams; git itself is the judge."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dulwich.objects import Commit, ObjectID, Tree

from framework.files import sha256_of
from framework.gitcore.pack_writer import PackWriter, blob_name
from tests.servers.run import ROOT


@pytest.mark.parametrize("expected_count", [0, 1, 9])
def test_git_reads_what_it_writes(tmp_path: Path, expected_count: int) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "r.git")], check=True)
    contents = [b"", b"x", b"text\n" * 400_000, os.urandom(3 << 20), b"z" * 15, b"z" * 16, b"z" * 2048]
    pack = tmp_path / "r.git" / "objects" / "pack" / "pack-a.pack"
    with PackWriter(pack, expected_count) as writer:
        names = [_add(writer, content) for content in contents]
        assert _add(writer, b"x") == names[1]
        tree = Tree()
        for number, name in enumerate(names):
            tree.add(b"%d" % number, 0o100644, ObjectID(name.encode()))
        commit = Commit()
        commit.tree, commit.author, commit.committer = tree.id, b"A <a@b>", b"A <a@b>"
        commit.author_time = commit.commit_time = commit.author_timezone = commit.commit_timezone = 0
        commit.message = b"m\n"
        writer.add(tree)
        sha = writer.add(commit)
        written = writer.finish()
    assert written.object_count == len(contents) + 2
    assert (written.pack_sha256, written.idx_sha256) == (sha256_of(pack), sha256_of(written.idx))
    assert (written.pack_bytes, written.idx_bytes) == (pack.stat().st_size, written.idx.stat().st_size)
    _git(tmp_path, "verify-pack", str(written.idx))
    _git(tmp_path, "update-ref", "refs/heads/main", sha)
    assert _git(tmp_path, "fsck", "--strict", "--full") == b""
    assert [_git(tmp_path, "cat-file", "blob", name) for name in names] == contents


def test_it_refuses_content_that_is_not_the_names(tmp_path: Path) -> None:
    with PackWriter(tmp_path / "a.pack") as writer, pytest.raises(ValueError, match="altered"):
        writer.add_blob("0" * 40, io.BytesIO(b"x"), 1)


def test_noise_is_stored_and_text_is_deflated(tmp_path: Path) -> None:
    sizes = {}
    for kind, content in {"noise": os.urandom(4 << 20), "text": b"all work and no play\n" * 200_000}.items():
        with PackWriter(tmp_path / f"{kind}.pack") as writer:
            _add(writer, content)
            sizes[kind] = writer.finish().pack_bytes / len(content)
    assert sizes["text"] < 0.05
    assert 1 < sizes["noise"] < 1.001


def test_a_large_file_passes_in_constant_memory(tmp_path: Path) -> None:
    """A child packs 16 and then 100 MiB of noise, for which it may have no more memory."""
    code = (
        "import sys; from pathlib import Path; from framework.gitcore.pack_writer import *\n"
        "from tests.memory import growing_by\n"
        "def pack(file):\n"
        "    size = file.stat().st_size\n"
        "    with PackWriter(file.with_suffix('.pack')) as writer:\n"
        "        with file.open('rb') as source: sha = blob_name(source, size)\n"
        "        with file.open('rb') as source: writer.add_blob(sha, source, size)\n"
        "        return writer.finish().pack_bytes\n"
        "pack(Path(sys.argv[1]) / 'small')\n"
        "with growing_by(4 << 20): print(pack(Path(sys.argv[1]) / 'large'))\n"
    )
    for name, size in {"small": 16, "large": 100}.items():
        with (tmp_path / name).open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(1 << 20))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert int(done.stdout) > 100 << 20


def _add(writer: PackWriter, content: bytes) -> str:
    name = blob_name(io.BytesIO(content), len(content))
    writer.add_blob(name, io.BytesIO(content), len(content))
    return name


def _git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder / "r.git"), *arguments], check=True, capture_output=True).stdout
