"""What is in an archive is listed within bounds of work."""

import io
import zipfile

import pytest

from framework.browse.render.zip_ends import DirectoryTooLarge, check_directory
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
