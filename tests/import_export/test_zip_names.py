"""Names in ZIP files that were made elsewhere."""

import io
import struct
import unicodedata
import zipfile
import zlib

import pytest

from framework.import_export.zip_names import ZipNames, read_names

LETTERS = iter(range(1_000_000))


def made(names: list[bytes | str], *, extra: bytes = b"") -> list[zipfile.ZipInfo]:
    """The entries of a ZIP file of these names: bytes are not marked as UTF-8."""
    box, places = io.BytesIO(), {}
    with zipfile.ZipFile(box, "w") as archive:
        for name in names:
            stand_in = f"{next(LETTERS):0{len(name)}d}" if isinstance(name, bytes) else name
            places[stand_in] = name
            info = zipfile.ZipInfo(stand_in)
            info.extra = extra
            archive.writestr(info, b"x")
    data = box.getvalue()
    for stand_in, name in places.items():
        data = data.replace(stand_in.encode(), name) if isinstance(name, bytes) else data
    return zipfile.ZipFile(io.BytesIO(data)).infolist()


def paths(found: ZipNames) -> list[str]:
    return [path for _entry, path in found.files]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe-1.txt", "cp437"),
        ("Ergebnisse für März.csv", "cp850"),
        ("Relatório ação.docx", "cp850"),
        ("mémoire été.tex", "cp1252"),
        ("数据.csv", "gbk"),
        ("实验结果/张三.csv", "gbk"),
        ("データ.csv", "shift_jis"),
        ("実験結果/温度.csv", "shift_jis"),
        ("Данные измерений.csv", "cp866"),
        ("실험 데이터.csv", "cp949"),
        (unicodedata.normalize("NFD", "Übung é.txt"), "utf-8"),
    ],
)
def test_names_are_read_in_the_encoding_that_all_of_them_look_like(text: str, encoding: str) -> None:
    found = read_names(made([text.encode(encoding), "plain.txt"]))
    assert paths(found) == [text, "plain.txt"]
    assert any("were read as" in sentence for sentence in found.told) == (encoding != "utf-8")


def test_a_reader_chooses_and_marked_names_are_as_they_say() -> None:
    assert paths(read_names(made([b"\x84.txt", "ü.txt"]), "ibm866")) == ["Д.txt", "ü.txt"]
    raw = "数据.txt".encode("gbk")
    body = b"\1" + zlib.crc32(raw).to_bytes(4, "little") + "正.txt".encode()
    assert paths(read_names(made([raw], extra=struct.pack("<HH", 0x7075, len(body)) + body))) == ["正.txt"]
    stale = b"\1" + bytes(4) + "正.txt".encode()
    assert paths(read_names(made([raw], extra=struct.pack("<HH", 0x7075, len(stale)) + stale))) == ["数据.txt"]


def test_what_programs_leave_behind_and_empty_folders_are_told() -> None:
    entries = made(
        [
            "p/Ü.txt",
            "p/b.txt",
            "__MACOSX/p/._b.txt",
            "p/.DS_Store",
            "p/n/.ipynb_checkpoints/a.ipynb",
            "p/empty/",
            "p/n/",
        ]
    )
    found = read_names(entries)
    assert paths(found) == ["Ü.txt", "b.txt"]
    assert found.told == [
        "Left out: 3 files that programs leave behind, such as __MACOSX, .DS_Store, .ipynb_checkpoints.",
        "Left out: 2 empty folders, since Git keeps files only.",
    ]


def test_a_backslash_parts_folders() -> None:
    assert paths(read_names(made(["p\\a.txt", "p\\sub\\b.txt", "p\\sub\\"]))) == ["a.txt", "sub/b.txt"]
