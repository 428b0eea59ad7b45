"""What is in an archive is listed within bounds of work."""

import io
import zipfile
from pathlib import Path

import pytest

from framework.browse.render.listings import read_listing
from framework.browse.render.zip_ends import DirectoryTooLarge, check_directory
from framework.browse.view_options import ViewOptions
from tests.browse.render.made_files import MANY


@pytest.mark.parametrize("kind", MANY)
@pytest.mark.parametrize(("most_bytes", "most_entries"), [(46_999, 1_000), (1 << 20, 999)])
def test_the_directory_of_a_zip_file_is_bounded(kind: str, most_bytes: int, most_entries: int) -> None:
    with pytest.raises(DirectoryTooLarge):
        check_directory(io.BytesIO(MANY[kind]), most_bytes=most_bytes, most_entries=most_entries)
    check_directory(io.BytesIO(MANY[kind]), most_bytes=1 << 20, most_entries=1_000)
    assert len(zipfile.ZipFile(io.BytesIO(MANY[kind])).infolist()) == 1_000


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"no ZIP file" * 20])
def test_what_has_no_directory_is_no_zip_file(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a whole ZIP file"):
        check_directory(io.BytesIO(data), most_bytes=1, most_entries=1)


@pytest.mark.parametrize(("name", "encoding"), [("Messung in Köln/Größe.txt", "cp437"), ("数据/测量结果.txt", "gbk")])
def test_names_that_are_not_marked_as_utf_8_are_read_in_what_they_look_like(
    tmp_path: Path, name: str, encoding: str
) -> None:
    entry = zipfile.ZipInfo("x" * len(name.encode(encoding)))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, b"1")
    path = tmp_path / "b.zip"
    path.write_bytes((tmp_path / "a.zip").read_bytes().replace(entry.filename.encode(), name.encode(encoding)))
    assert [one.path for one in read_listing("b.zip", str(path), ViewOptions()).members] == [name]
