"""The lines of a patch as text, each side in the encoding of its file: a commit may be the one that changes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from framework.browse.diff.file_change import FileChange
from framework.browse.render.encodings import decode, decode_as
from framework.gitcore.ref_names import NO_OBJECT
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import read_blobs

MOST_READ_BYTES = 8 << 20
"""So much of the files of a page is read to tell their encodings; those of the others are told by their lines."""

_OLD, _HEADING = b"-", b"@@ "


@dataclass(frozen=True)
class SectionText:
    """A file's section of a patch as text, and the encodings before and now; both are empty where it is ASCII."""

    text: str
    old_encoding: str
    encoding: str


def read_encodings(
    copy: Copy, sections: Iterable[tuple[FileChange, bytes]], sizes: Mapping[str, int]
) -> Mapping[str, str]:
    """The encodings of the files whose sections are not UTF-8, by the names of their blobs; one git reads them all.

    `sizes` are those of the blobs, in bytes. What is not on the local disk, or too much for a page, is left out.
    """
    chosen, room = dict[str, None](), MOST_READ_BYTES
    for file, section in sections:
        if not _is_utf8(section):
            for sha in {file.old_sha, file.new_sha} - {NO_OBJECT}:
                if sha in sizes and sizes[sha] <= room and sha not in chosen:
                    chosen[sha] = None
                    room -= sizes[sha]
    return {sha: decode(content).encoding for sha, content in read_blobs(copy, list(chosen))}


def read_section(
    file: FileChange, section: bytes, known: Mapping[str, str], *, encoding: str | None = None
) -> SectionText:
    """The section as text, in `encoding` if the reader has chosen one, else in the `known` ones of both blobs."""
    if encoding is None and _is_utf8(section):
        named = "" if section.isascii() else "utf-8"
        return SectionText(section.decode(), named, named)
    lines = section.split(b"\n")
    old, new = (
        encoding or known.get(sha) or decode(b"\n".join(side)).encoding
        for sha, side in (
            (file.old_sha, (line[1:] for line in lines if line.startswith(_OLD))),
            (file.new_sha, (line[1:] for line in lines if not line.startswith(_OLD))),
        )
    )
    text = "\n".join(_read_line(line, old if line.startswith((_OLD, _HEADING)) else new) for line in lines)
    if NO_OBJECT in {file.old_sha, file.new_sha}:
        old = new = old if file.new_sha == NO_OBJECT else new
    return SectionText(text, old, new)


def _read_line(line: bytes, encoding: str) -> str:
    """The line with its sign, which is ASCII whatever it is before."""
    return line.decode() if line.isascii() else line[:1].decode("ascii", "replace") + decode_as(line[1:], encoding)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
