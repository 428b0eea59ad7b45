"""What a push may bring: names that every system can keep, files within the limit, no object made to exhaust us."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from framework import config
from framework.errors import Invalid, TooLarge
from framework.git.pktline import Received
from framework.repositories.paths import checked_path
from framework.repositories.quarantine import Inventory, Limits, Quarantine
from framework.uploads.limits import too_large_sentence
from framework.web.pages import size

MIB = 1 << 20
OTHER_OBJECT_BYTES = 64 * MIB
PACK_HEADER_BYTES = 12

# Of a file in a thousand versions each counts whole when it is inflated, so that honest histories grow many times over.
MAX_INFLATION = 64

_TREE_ENTRY = re.compile(rb"[0-7]+ ([^\0]*)\0.{20}", re.DOTALL)

# A folder that needs no closer look: each name is short, of visible ASCII without a slash of either kind, neither dots
# alone nor a beginning of a spelling of .git. Most folders of most pushes are, and one match tells it of all names.
_PLAIN_TREE = re.compile(
    rb"(?:[0-7]+ (?!\.{1,2}\0|\.[gG][iI][tT][ .:\0]|[gG][iI][tT]~)[ -.0-\[\]-~]{1,255}\0.{20})*+", re.DOTALL
)


class TooManyObjects(TooLarge):
    """A pack that says it holds more objects than one push may."""

    def __init__(self, count: int) -> None:
        limit = config.current().max_pack_objects
        super().__init__(
            f"This push holds {count:,} objects; one may hold {limit:,} at most. Push an older commit first, then the"
            " rest."
        )


class FileTooLarge(TooLarge):
    """A version that is pushed holds a file over the limit."""

    def __init__(self, path: str, size_bytes: int) -> None:
        super().__init__(
            f"{too_large_sentence(path, size_bytes)} Take it out of every commit that you push (`git rm --cached`, then"
            " `git commit --amend`; `git rebase -i` or git-filter-repo for older ones) and push again."
        )


class ObjectTooLarge(TooLarge):
    """A commit, tag or folder that is larger than any honest one."""

    def __init__(self, kind: str, sha: str, size_bytes: int) -> None:
        limit = OTHER_OBJECT_BYTES // MIB
        super().__init__(f"The {kind} {sha[:10]} has {-(-size_bytes // MIB)} MiB; it may have {limit} MiB at most.")


class PushInflates(TooLarge):
    """A pack whose objects take too much room once they are inflated."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"The objects of this push have {size(size_bytes)} when they are inflated; those of one push may have"
            f" {size(limit_bytes)} at most. Push an older commit first, then the rest."
        )


class BadPathPushed(Invalid):
    """A folder that is pushed holds a name that no version may hold."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Rename it in every commit that you push.")


def limits() -> Limits:
    """The sizes that a push is held to."""
    settings = config.current()
    return Limits(settings.large_blob_bytes, settings.max_file_bytes, OTHER_OBJECT_BYTES)


def counted(received: Received) -> Iterator[bytes]:
    """The pack as it comes, when its header names no more objects than a push may hold (gitformat-pack(5)).

    Raises:
        TooManyObjects: before anything is read but the header.
    """
    header = received.take(PACK_HEADER_BYTES)
    count = int.from_bytes(header[8:], "big")
    if count > config.current().max_pack_objects:
        raise TooManyObjects(count)
    return chain([header], received.rest())


def check_sizes(quarantine: Quarantine, found: Inventory, tips: Iterable[str]) -> None:
    """Refuse the first object that is over its limit.

    Raises:
        FileTooLarge: it says which file. ObjectTooLarge.
    """
    for sha, kind, size_bytes in found.oversized:
        if kind != "blob":
            raise ObjectTooLarge(kind, sha, size_bytes)
        raise FileTooLarge(quarantine.path_of(sha, tips), size_bytes)


def check_inflation(found: Inventory) -> None:
    """Refuse a pack that was made to exhaust whoever inflates it.

    Raises:
        PushInflates.
    """
    limit = MAX_INFLATION * config.current().max_push_bytes
    if found.inflated_bytes > limit:
        raise PushInflates(found.inflated_bytes, limit)


def check_names(quarantine: Quarantine, found: Inventory) -> None:
    """Ask the path policy about every name in every folder of the push, once for each name.

    Raises:
        BadPathPushed: a name is refused.
    """
    seen: set[bytes] = set()
    for tree in quarantine.contents(found.trees):
        if _PLAIN_TREE.fullmatch(tree):
            continue
        for name in set(_TREE_ENTRY.findall(tree)) - seen:
            _check_name(name)
            seen.add(name)


def _check_name(name: bytes) -> None:
    text = name.decode(errors="surrogateescape")
    if "/" in text:
        raise BadPathPushed(f"The name “{text!r}” holds a slash.")
    try:
        checked_path(text)
    except Invalid as refusal:
        raise BadPathPushed(refusal.sentence) from refusal
