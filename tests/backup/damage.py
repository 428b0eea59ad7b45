"""Ways to spoil a backup."""

import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any


def with_lines(body: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """The backup with other lines."""
    return gzip.compress(b"".join(change(gzip.decompress(body).splitlines(keepends=True))))


def with_header(body: bytes, change: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
    """The backup with another header; the lines of its tables stay."""
    return with_lines(body, lambda lines: [json.dumps(change(json.loads(lines[0]))).encode() + b"\n", *lines[1:]])


def with_table(body: bytes, **values: object) -> bytes:
    """The backup whose header tells this of the table of users."""

    def change(header: dict[str, Any]) -> dict[str, Any]:
        tables = [table | values if table["name"] == "users" else table for table in header["tables"]]
        return header | {"tables": tables}

    return with_header(body, change)


def with_doubled_user(body: bytes) -> bytes:
    """A backup that is whole by its hashes, in which two people have one name."""
    lines = gzip.decompress(body).splitlines(keepends=True)
    header = json.loads(lines[0])
    at = 1
    for dumped in header["tables"]:
        rows = lines[at : at + dumped["rows"]]
        if dumped["name"] == "users":
            rows[1] = rows[1].replace(b"user2", b"user3")
            dumped["sha256"] = hashlib.sha256(b"".join(rows)).hexdigest()
            lines[at : at + len(rows)] = rows
        at += len(rows)
    return gzip.compress(b"".join([json.dumps(header).encode() + b"\n", *lines[1:]]))
