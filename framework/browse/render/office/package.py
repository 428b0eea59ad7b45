"""The ZIP file that a document of an office program is: its parts as XML or pictures, within bounds."""

import base64
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from framework.browse.render.zip_ends import check_directory

LONGEST_PART_BYTES = 6 << 20
LONGEST_PARTS_BYTES = 16 << 20
LONGEST_PICTURES_BYTES = 4 << 20
LONGEST_DIRECTORY_BYTES, MOST_PARTS = 1 << 20, 8_000

# What browsers draw, by the bytes that it begins with. An SVG is drawn as a picture only, and nothing in it runs.
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"), (b"<svg", "image/svg+xml"), (b"<?xml", "image/svg+xml"), (b"BM", "image/bmp"),
)  # fmt: skip
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The start of a Compound File, which holds what is encrypted, and what programs wrote before 2007 ([MS-CFB])."""

DAMAGED = "it is damaged"


class Package:
    """An opened file; what it gives is bounded in sum."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left, self._pictures_left = LONGEST_PARTS_BYTES, LONGEST_PICTURES_BYTES

    def read(self, name: str) -> bytes:
        """The bytes of a part; empty where there is none.

        Raises:
            ValueError: it is damaged, or too large.
        """
        data = self._inflate(name, min(LONGEST_PART_BYTES, self._left))
        if data is None:
            raise ValueError("its text is too long to be shown here")
        self._left -= len(data)
        return data

    def parse(self, name: str) -> Element | None:
        """The root of an XML part, its names without namespaces; None where there is no such part.

        Raises:
            ValueError: it is damaged, too large, or declares entities.
        """
        data = self.read(name)
        return parse_xml(data) if data else None

    def picture(self, name: str) -> str:
        """The picture as a `data:` address; empty where it is none that browsers draw, or there is no room for it."""
        data = self._inflate(name, self._pictures_left) or b""
        media = next((media for start, media in _PICTURES if data.startswith(start)), "")
        if not media:
            return ""
        self._pictures_left -= len(data)
        return f"data:{media};base64,{base64.b64encode(data).decode()}"

    def relations(self, name: str) -> dict[str, str]:
        """What a part of an Office Open XML file refers to: the names of parts, or addresses elsewhere, by id."""
        folder, file = posixpath.split(name)
        root = self.parse(f"{folder}/_rels/{file}.rels".lstrip("/"))
        found = {}
        for one in root if root is not None else ():
            target = one.get("Target", "")
            inside = (
                target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            )
            found[one.get("Id", "")] = target if one.get("TargetMode") == "External" else inside
        return found

    def _inflate(self, name: str, limit_bytes: int) -> bytes | None:
        """The bytes of a part; None where they are more than so many."""
        try:
            with self._archive.open(name) as part:
                data = part.read(limit_bytes + 1)
        except KeyError:
            return b""
        except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, RuntimeError) as error:
            raise ValueError(DAMAGED) from error
        return data if len(data) <= limit_bytes else None


@contextmanager
def open_package(source: str | IO[bytes]) -> Iterator[Package]:
    """The file at this path, or this file.

    Raises:
        ValueError: it is no ZIP file, damaged, or has too many parts.
    """
    with Path(source).open("rb") if isinstance(source, str) else source as file:
        if file.read(len(_OLD)) == _OLD:
            raise ValueError("it is protected by a password, or from before 2007")
        check_directory(file, most_bytes=LONGEST_DIRECTORY_BYTES, most_entries=MOST_PARTS)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, EOFError, OSError) as error:
            raise ValueError(DAMAGED) from error
        with archive:
            yield Package(archive)


def parse_xml(data: bytes) -> Element:
    """The root of an XML document, its names without namespaces.

    Raises:
        ValueError: it is no XML, or declares entities, with which a small file could become a large one.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: builder.start(
        name.rpartition("}")[2], {key.rpartition("}")[2]: value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: builder.end(name.rpartition("}")[2])
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(data, True)  # noqa: FBT003 # as the library has it
        return builder.close()
    except (expat.ExpatError, LookupError, AssertionError) as error:
        raise ValueError(DAMAGED) from error


def _refuse_entities(*_declaration: object) -> None:
    raise ValueError("it declares entities of its own")
