"""Archives: the bytes that are stored, whatever `.gitattributes` wants for working trees."""

import io
import os
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.browse.archives import forms
from framework.browse.archives.contents import Member
from framework.browse.history import tree_entries
from tests.browse.conftest import Onlooker

FILES = {
    "crlf.csv": b"a,b\r\n1,2\r\n",
    "lf.csv": b"a,b\n1,2\n",
    "ident.R": b"# $Id$ $Format:%H$\n",
    "ü/wide.txt": "Größe\r\n".encode("utf-16"),
    "empty": b"",
    "noise.bin": os.urandom(300_000),
}
CHANGING = b"*.csv text eol=crlf\n*.R ident export-subst\nwide.txt working-tree-encoding=utf-16\n"


def test_archives_have_the_bytes_that_are_stored(shown: Callable[[dict[str, bytes]], Onlooker], tmp_path: Path) -> None:
    onlooker = shown({})
    attributes = {".gitattributes": CHANGING}
    for path, content in (FILES | attributes).items():  # as git would not take them from a working tree
        sha = onlooker.gallery.git("hash-object", "-w", "--stdin", given=content)
        onlooker.gallery.git("update-index", "--add", "--cacheinfo", f"100644,{sha},{path}")
    onlooker.gallery.git("commit", "-q", "-m", "Files that Git would change")
    onlooker.show()
    answer = onlooker.visitor.get("/alice/website/archive/main.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.comment.decode() == onlooker.gallery.git("rev-parse", "HEAD")
        found = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    assert found == {f"website-main/{path}": content for path, content in (FILES | attributes).items()}
    assert onlooker.visitor.get("/alice/website/archive/main.zip").data == answer.data
    packed = onlooker.visitor.get("/alice/website/archive/main.tar.gz").data
    subprocess.run(["tar", "-xzf", "-"], cwd=tmp_path, input=packed, check=True)
    for path, content in FILES.items():
        assert (tmp_path / "website-main" / path).read_bytes() == content


def test_what_export_ignore_leaves_out_is_in_an_archive_of_all(
    shown: Callable[[dict[str, bytes]], Onlooker], monkeypatch: pytest.MonkeyPatch
) -> None:
    onlooker = shown({
        ".gitattributes": b"raw export-ignore\n",
        "docs/.gitattributes": b"*.log export-ignore\nbuild/ export-ignore\n",
        **dict.fromkeys(["raw/a/b.csv", "docs/raw.txt", "docs/x.log", "docs/build/y.txt", "x.log"], b"x"),
    })  # fmt: skip

    def names(place: str) -> set[str]:
        data = onlooker.visitor.get(f"/alice/website/archive/main.zip{place}").data
        found = zipfile.ZipFile(io.BytesIO(data)).namelist()
        return {name.partition("/")[2] for name in found if not name.endswith(("/", ".gitattributes"))}

    page = re.sub("<[^>]*>", "", onlooker.get("/tree/main/docs"))
    told = "3 files marked with export-ignore in .gitattributes: docs/build/y.txt, docs/x.log, raw/a/b.csv."
    assert told in page
    assert "/archive/main.zip?all=1" in onlooker.get("")
    assert names("") == {"docs/raw.txt", "x.log"}
    assert names("?path=docs") == {"docs/raw.txt"}
    assert names("?all=1") == {"raw/a/b.csv", "docs/raw.txt", "docs/x.log", "docs/build/y.txt", "x.log"}
    assert names("?path=docs&all=1") == {"docs/raw.txt", "docs/x.log", "docs/build/y.txt"}
    monkeypatch.setattr(tree_entries, "MOST_LOOKED_THROUGH", 2)
    (onlooker.gallery.folder / "docs/.gitattributes").unlink()
    onlooker.gallery.commit({}, "More")
    onlooker.gallery.git("tag", "v1")
    onlooker.show()
    assert "mark with export-ignore" in onlooker.get("/tree/main/docs")
    assert 'archive/refs/tags/v1.zip?all=1"' in onlooker.get("/tags")


@pytest.mark.long  # 4 GiB of nothing, packed
def test_an_archive_of_more_than_four_gibibytes_is_whole(tmp_path: Path) -> None:
    block = bytes(1 << 20)

    def members() -> list[Member]:
        large = Member(b"large", 0o100644, 4097 << 20, (block for _number in range(4097)))
        noise = (Member(b"%d" % number, 0o100755, 0, iter(())) for number in range(70_000))
        return [large, *noise]

    with (tmp_path / "a.zip").open("wb") as file:
        file.writelines(forms.write_zip(members(), name=b"p", comment="c", seconds=0))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert len(archive.infolist()) == 70_002
        assert archive.getinfo("p/large").file_size == 4097 << 20
        assert archive.testzip() is None
    with tarfile.open(
        fileobj=io.BytesIO(b"".join(forms.write_tar(members()[1:9], name=b"p", comment="c", seconds=0)))
    ) as tar:
        assert len(tar.getnames()) == 9


LINKS = {
    "near": "a/b/file",
    "a/b/above": "../../file",
    "a/b/root": "../..",
    "a/b/dots": "./.././b//file",
    "a/b/through": "root/..",
    "through": "a/b/root/../x",
    "a/b/far": "../../../x",
    "absolute": "/etc/passwd",
    "a/b/windows": "root\\..\\..",
    "drive": "C:x",
}
STAYING = {"near", "a/b/above", "a/b/root", "a/b/dots"}


def test_no_link_of_an_archive_leads_out_also_through_another_link(
    shown: Callable[[dict[str, bytes]], Onlooker], tmp_path: Path
) -> None:
    onlooker = shown({"a/b/file": b"x", "file": b"y"})
    for path, target in LINKS.items():
        (onlooker.gallery.folder / path).symlink_to(target)
    onlooker.gallery.commit({}, "Links")
    onlooker.show()
    packed = onlooker.visitor.get("/alice/website/archive/main.tar.gz").data
    subprocess.run(["tar", "-xzf", "-"], cwd=tmp_path, input=packed, check=True)
    root = tmp_path / "website-main"
    assert {path for path in LINKS if (root / path).is_symlink()} == STAYING
    assert all((root / path).resolve().is_relative_to(root) for path in STAYING)
