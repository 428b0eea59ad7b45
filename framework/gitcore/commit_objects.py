"""What commits and tags say, as far as pages need it, from histories that hold lines that no library parses."""

import re
from dataclasses import dataclass

_IDENTITY = re.compile(rb".*> *([0-9]{1,20})[0-9]*(?: ([+-])([0-9]{1,9}))?", re.DOTALL)


@dataclass(frozen=True)
class StoredCommit:
    """A commit: names as Git writes them; moments in seconds since 1970, None where the commit tells none."""

    id: bytes
    tree: bytes
    parents: tuple[bytes, ...]
    author_time: int | None
    author_timezone: int
    commit_time: int | None
    message: bytes


def read_commit(sha: str, raw: bytes) -> StoredCommit:
    """What the headers of this commit say (git-fsck(1) names what they may be).

    A name without its moment, or with a zone that is none, is what a push may bring; the rest git has checked.
    """
    lines = raw.partition(b"\n\n")[0].split(b"\n")
    told = [line.partition(b" ")[::2] for line in lines]
    first = dict(reversed(told))
    author_time, author_timezone = _moment(first.get(b"author", b""))
    return StoredCommit(
        id=sha.encode(),
        tree=first[b"tree"],
        parents=tuple(value for key, value in told if key == b"parent"),
        author_time=author_time,
        author_timezone=author_timezone,
        commit_time=_moment(first.get(b"committer", b""))[0],
        message=message_of(raw),
    )


def target_of(raw: bytes) -> str:
    """The name of the object that this tag marks: its first line."""
    return raw.partition(b"\n")[0].partition(b" ")[2].decode()


def message_of(raw: bytes) -> bytes:
    """The message of this tag or commit."""
    return raw.partition(b"\n\n")[2]


def _moment(identity: bytes) -> tuple[int | None, int]:
    found = _IDENTITY.match(identity)
    if found is None:
        return None, 0
    hours, minutes = divmod(int(found[3] or 0), 100)
    zone_seconds = hours * 3600 + minutes * 60
    return int(found[1]), -zone_seconds if found[2] == b"-" else zone_seconds
