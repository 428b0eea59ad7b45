"""Pointers are told from other files as git-lfs tells them."""

import subprocess

import pytest

from framework.gitcore.lfs.pointer import Pointer, parse

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
TEXT = Pointer(OID, 12345).text


def test_it_reads_what_it_writes() -> None:
    assert parse(TEXT) == Pointer(OID, 12345)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.removesuffix(b"\n"),
        TEXT.replace(b"\n", b"\r\n"),
        b"\n" + TEXT + b"\n\n",
        TEXT.replace(b"git-lfs.github.com", b"hawser.github.com"),
        TEXT.replace(b"oid ", f"ext-0-foo sha256:{OID}\noid ".encode()),
        Pointer(OID, 0).text,
    ],
)
def test_pointers(text: bytes) -> None:
    found = parse(text)
    assert found is not None
    assert found.oid == OID
    assert is_pointer(text)


@pytest.mark.parametrize(
    "text",
    [
        b"x" * 130,
        TEXT + b"more text that is no pointer\n",
        TEXT.replace(b"git-lfs.github.com", b"example.org"),
        TEXT.replace(b"sha256:", b"sha512:"),
        TEXT.replace(b"size 12345", b"size -1"),
        TEXT.replace(b"size 12345", b"size many"),
        b"\n".join([TEXT.split(b"\n")[0], *reversed(TEXT.split(b"\n")[1:3])]),
    ],
)
def test_other_files(text: bytes) -> None:
    assert parse(text) is None
    assert not is_pointer(text)


@pytest.mark.parametrize("text", [b"", TEXT + b" " * 1024], ids=["empty", "long"])
def test_what_git_lfs_does_not_look_at(text: bytes) -> None:
    assert parse(text) is None


def is_pointer(text: bytes) -> bool:
    """What git-lfs itself says."""
    done = subprocess.run(["git", "lfs", "pointer", "--check", "--stdin"], input=text, capture_output=True, check=False)
    return done.returncode == 0
