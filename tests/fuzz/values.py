"""Values that nobody expects, by a seed: as texts of addresses, fields and headers, as JSON, as files."""

import io
import json
import string
import tarfile
import zipfile
from random import Random
from urllib.parse import quote_from_bytes

DIGITS = "9" * 5_000
TEXTS = [
    "",
    "0", "-1", "1", "0" * 30 + "1", "1" + "0" * 30, "9" * 400, "1e999", "nan", "true", "null", "[]", "{}", " ", "\t",
    "a\0b", "\r\nX: y", "..", "../../etc/passwd", "/", "//x", "\\", "a/b", ".git", "-", "--all", "--output=x", ":(top)",
    "main", "main~1", "main...main", "HEAD", "refs/heads/main", "refs/tags/x", "@{-1}", "a" * 40, "0" * 40, "a" * 3_000,
    "é", "日本", "🎉", "\u202e", "\u200c", "%", "%ff", "%00", "'\"<>&", "{{7*7}}", "${x}", "a.txt", "README.md",
    "folder",
    "2026-13-45", "9999-12-31T23:59:59Z", "0001-01-01", "x@example.org", "x@" + "a" * 300, "https://[",
    "http://x:99999/",
]  # fmt: skip
HALF = "cut \ud83d"
BYTES = [b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"%", b"a\0b"]
HEADERS = {
    "Accept": ["*/*", "text/html", "application/json", "a" * 3_000 + ";q=zz,,,;", "", "text/*;q=1e9"],
    "Range": ["bytes=0-", "bytes=5-2", "bytes=-0", "bytes=-", "bytes=0-1,3-4", "bytes=" + "9" * 400 + "-", "x=1"],
    "If-None-Match": ["*", '"x"', "W/", '"' + "a" * 3_000],
    "If-Modified-Since": ["Mon, 99 Foo 99999999 99:99:99 GMT", "0", "Thu, 01 Jan 1970 00:00:00 GMT"],
    "If-Range": ['"x"', "0"],
    "Authorization": [
        "Basic %%%",
        "Basic //8=",
        "Basic OnA=",
        "Basic YQBiOmM=",
        "Bearer",
        "Bearer x",
        "Digest a=b",
        "é",
    ],
    "Cookie": ["session=eyJ" + "a" * 500, "session=", "remember_token=\xff|abc", "remember_token=1|x", ";;;=="],
    "Content-Encoding": ["gzip", "identity", "br"],
    "Git-Protocol": ["version=2", "version=" + "9" * 300, "\xff"],
    "Idempotency-Key": ["", "x", "a" * 3_000],
    "Tus-Resumable": ["1.0.0", "9", ""],
    "Upload-Length": ["0", "1", "-1", "9" * 18, "9" * 400, "x"],
    "Upload-Offset": ["0", "1", "9" * 18, "-1"],
    "Upload-Metadata": ["filename gKCA", "filename AABB", "filename", ",,,", "a" * 5_000, "filename =="],
    "Upload-Checksum": ["sha1 x", "sha1", "md5 AAAA", "sha256 " + "A" * 44],
    "X-CSRFToken": ["", "x"],
    "X-HTTP-Method-Override": ["PATCH", "DELETE", "x"],
    "X-Forwarded-For": ["x", "1.2.3.4, 5", "::1"],
    "X-Request-ID": ["a" * 300, "\xff"],
    "Referer": ["http://[", "x"],
}
MEDIA = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x",
    "application/offset+octet-stream", "application/vnd.git-lfs+json", "application/x-git-upload-pack-request",
    "text/plain; charset=nonsense", "a/b/c", "",
]  # fmt: skip
ENDINGS = [
    "md", "rst", "ipynb", "json", "geojson", "csv", "tsv", "zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "docx",
    "png", "jpg", "gif", "webp", "svg", "ico", "pdf", "py", "html", "js", "c", "tex", "r", "txt", "bin", "yml",
    "cff", "",
]  # fmt: skip
WORDS = [
    "|x|", "[x]_", "`a`__", "```", "$$", "\\frac", "- ", "> ", "# ", "![", "](", "<b>", ".. x::\n\n   y\n", "::",
    "\n\n", "    ", "\t", "|a|b|\n|-|-|\n", "[^1]", "***", "====", "+-+\n| |\n+-+", "=====  =====\n", "&#x110000;",
]  # fmt: skip


class Values:
    """Draws by a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # to be repeated

    def text(self) -> str:
        """A text that a form or a header may carry."""
        if self.random.random() < 0.1:
            return "".join(self.random.choices(string.printable, k=self.random.randrange(60)))
        return self.random.choice(TEXTS)

    def part(self) -> str:
        """A part of an address, quoted."""
        raw = self.random.choice(BYTES) if self.random.random() < 0.1 else self.text().encode()
        return quote_from_bytes(raw, safe=self.random.choice(["", "/"]))

    def headers(self) -> dict[str, str]:
        """Some headers; a program's libraries send them as they are."""
        names = self.random.sample(sorted(HEADERS), self.random.choice([0, 0, 1, 2, 4]))
        return {name: self.random.choice(HEADERS[name]) for name in names}

    def value(self, depth: int = 0) -> object:
        """A value that JSON can hold."""
        kind = self.random.randrange(9 if depth < 3 else 7)
        if kind < 3:
            return self.text()
        if kind < 7:
            return self.random.choice([None, True, -1, 0, 10**30, 1.5, HALF, "read", "write", "public", "reader"])
        members = [self.value(depth + 1) for _number in range(self.random.randrange(4))]
        return members if kind == 7 else {self.text(): member for member in members}

    def json(self, names: list[str]) -> bytes:
        """A JSON text, or nearly one: an object with some of these members, most often."""
        kind = self.random.random()
        if kind < 0.05:
            return self.random.choice(
                [b"", b"\xff\xfe", b"[" * 100_000, b'{"a":', b"NaN", DIGITS.encode(), b'"\\ud800"']
            )
        chosen = self.random.sample(names, min(len(names), self.random.randrange(6)))
        made = json.dumps({name: self.value() for name in chosen} if kind < 0.95 else self.value())
        return made.replace("-1", DIGITS).encode() if self.random.random() < 0.1 else made.encode()

    def file(self, ending: str) -> bytes:
        """A file that is nearly what its ending says."""
        kind = self.random.random()
        if kind < 0.1:
            return self.random.randbytes(self.random.randrange(3_000))
        data = self._content(ending)
        if kind < 0.6 and data:
            broken = bytearray(data)
            for _number in range(self.random.randrange(1, 8)):
                broken[self.random.randrange(len(broken))] = self.random.randrange(256)
            return bytes(broken[: self.random.randrange(len(broken) + 1)]) if kind < 0.2 else bytes(broken)
        return data

    def _content(self, ending: str) -> bytes:
        if ending in {"json", "geojson"}:
            return self.json([*TEXTS, "features", "type", "coordinates"])
        if ending == "ipynb":
            return json.dumps(self._notebook()).encode()
        if ending in {"zip", "docx"}:
            return self._zip()
        if ending.startswith(("tar", "tgz")):
            return self._tar(ending)
        pieces = [*WORDS, *TEXTS, ",", ";", '"', "\n", "\r", "x", "é", "def f(): pass\n", "/*", "'''"]
        made = "".join(self.random.choices(pieces, k=self.random.randrange(300)))
        head = {"png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "gif": b"GIF89a", "jpg": b"\xff\xd8\xff\xe0", "pdf": b"%PDF-"}
        return head.get(ending, b"") + made.encode(self.random.choice(["utf-8", "utf-16", "utf-8-sig"]), "replace")

    def _notebook(self) -> object:
        def cell() -> object:
            kinds = ["markdown", "code", "raw", "heading", self.value()]
            data = {
                kind: self.value() for kind in ("text/html", "text/latex", "image/png", "image/svg+xml", "text/plain")
            }
            output = {
                "output_type": self.random.choice(["stream", "error", "display_data", self.value()]),
                "data": data,
            }
            output |= {"text": self.value(), "traceback": self.value(), "ename": self.value()}
            return {"cell_type": self.random.choice(kinds), "source": self.value(), "outputs": [output, self.value()]}

        cells = [self.random.choice([cell(), cell(), self.value()]) for _number in range(self.random.randrange(6))]
        return {"cells": self.random.choice([cells, cells, self.value()]), "metadata": self.value()}

    def _zip(self) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for number in range(self.random.randrange(5)):
                archive.writestr(f"{number}-{self.random.choice(['a', 'é/b', '../c', 'd/'])}", self.text())
        return made.getvalue()

    def _tar(self, ending: str) -> bytes:
        made = io.BytesIO()
        packed = {"tar": "w", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}.get(ending, "w:gz")
        with tarfile.open(fileobj=made, mode=packed) as archive:  # type: ignore[call-overload]
            for number in range(self.random.randrange(5)):
                one = tarfile.TarInfo(f"{number}/é")
                one.size, one.mtime = 3, self.random.choice([0, 10**12, -5])
                archive.addfile(one, io.BytesIO(b"abc"))
        return made.getvalue()
