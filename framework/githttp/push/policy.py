"""What a push may bring: folders that Git accepts, files within the limit, no object made to exhaust us."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain

from framework import config
from framework.accounts.core.plans import Plan
from framework.accounts.signin.token_leaks import refuse_tokens, tokens_in, tokens_in_pieces
from framework.errors import TooLarge
from framework.formatting import MIB, format_size
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.packs import BLOB, TREE
from framework.gitcore.path_policy import find_twins
from framework.gitcore.pkt_line import Received
from framework.projects.members.limits import FileOverPlan
from framework.repositories.write.fsck import MAX_SPECIAL_BYTES, SpecialFile, check_special_file, check_tree
from framework.repositories.write.inventory import Inventory, Limits
from framework.repositories.write.quarantine import Quarantine
from framework.repositories.write.received.scan import Clearing
from framework.uploads.refusals import too_large_sentence

OTHER_OBJECT_BYTES = 64 * MIB
PACK_HEADER_BYTES = 12

MOST_TWINS, SHOWN_TWINS, MOST_BYTES_FOR_TWINS, COMMITS_FOR_TWINS = 100, 5, 1 << 20, 100
"""Of names that look alike so many are told, found in so many bytes of folders and new in so many of the newest
commits; git packs the newest folders first."""
MOST_SEARCHED_BYTES = 1 << 30
"""How much of a push is searched for tokens. A larger one brings a history that has been elsewhere; what git packs it
packs newest first, so that its latest versions are searched."""

# Of a file in a thousand versions each counts whole when it is inflated, so that honest histories grow many times over.
MAX_INFLATION = 64

_TREE_ENTRY = re.compile(rb"([0-7]+) ([^\0]*)\0(.{20})", re.DOTALL)

# An entry of a folder that needs no closer look: its name is short, of visible ASCII without slashes of either kind and
# tildes, neither dots alone nor a beginning of a name that Git reads itself. Most folders of most pushes have no other.
_ENTRIES = rb"(?:[0-7]++ (?!\.{1,2}\0|\.[gG][iI][tT][ .:aAmM\0])[%s]{1,255}+\0.{20})*+"
_PLAIN_ENTRIES = re.compile(_ENTRIES % rb" -.0-\[\]-}", re.DOTALL)
_SMALL_ENTRIES = re.compile(_ENTRIES % rb" -.0-@\[\]-}", re.DOTALL)
"""The same without a capital: no name differs from another in capitals alone, and one look says it all."""

_PLAIN_NAME = re.compile(rb" ([^\0]*)\0.{20}", re.DOTALL)


class TooManyObjects(TooLarge):
    """A pack that says it holds more objects than one push may."""

    def __init__(self, count: int) -> None:
        limit = config.current().max_pack_objects
        super().__init__(
            f"This push holds {count:,} objects; one may hold {limit:,} at most. Push an older commit first, then the"
            " rest."
        )


class PushedFileTooLarge(TooLarge):
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
            f"The objects of this push have {format_size(size_bytes)} when they are inflated; those of one push may"
            f" have {format_size(limit_bytes)} at most. Push an older commit first, then the rest."
        )


def limits(plan: Plan) -> Limits:
    """The sizes that a push into a project whose owner has this plan is held to."""
    settings = config.current()
    return Limits(settings.large_blob_bytes, plan.limit_file(settings.max_file_bytes), OTHER_OBJECT_BYTES)


def most_allocated_bytes() -> int:
    """What git may make room for at once while it reads a push: the largest file, or its own lists of objects."""
    return max(config.current().max_file_bytes, OTHER_OBJECT_BYTES)


def is_clear(kind: int, content: bytes) -> bool:
    """Whether an object of a push needs no closer look: it is no unusual folder, no pointer, and holds no token."""
    if kind == TREE and not _SMALL_ENTRIES.fullmatch(content) and (not is_plain(content) or _has_plain_twins(content)):
        return False
    return not tokens_in(content) and not (kind == BLOB and lfs_pointer.parse(content))


def is_clear_in_pieces(pieces: Iterable[bytes]) -> bool:
    """The same of a large file."""
    return not tokens_in_pieces(pieces)


CLEARING = Clearing(is_clear, is_clear_in_pieces)


def limit_objects(received: Received) -> Iterator[bytes]:
    """The pack as it comes, when its header names no more objects than a push may hold (gitformat-pack(5)).

    Raises:
        TooManyObjects: before anything is read but the header.
    """
    header = received.take(PACK_HEADER_BYTES)
    count = int.from_bytes(header[8:], "big")
    if count > config.current().max_pack_objects:
        raise TooManyObjects(count)
    return chain([header], received.rest())


def check_sizes(quarantine: Quarantine, found: Inventory, tips: Iterable[str], plan: Plan) -> None:
    """Refuse the first object that is over its limit.

    Raises:
        PushedFileTooLarge, FileOverPlan: it says which file. ObjectTooLarge.
    """
    for sha, kind, size_bytes in found.oversized:
        if kind != "blob":
            raise ObjectTooLarge(kind, sha, size_bytes)
        path = quarantine.path_of(sha, tips)
        if size_bytes <= config.current().max_file_bytes:
            raise FileOverPlan(path, plan, size_bytes=size_bytes)
        raise PushedFileTooLarge(path, size_bytes)


def check_inflation(found: Inventory) -> None:
    """Refuse a pack that was made to exhaust whoever inflates it.

    Raises:
        PushInflates.
    """
    limit = MAX_INFLATION * config.current().max_push_bytes
    if found.inflated_bytes > limit:
        raise PushInflates(found.inflated_bytes, limit)


def check_tokens(quarantine: Quarantine, found: Inventory, tips: Iterable[str]) -> None:
    """Look for access tokens of ours in what the scan of the push has not cleared, as far as that takes seconds.

    Raises:
        TokenInFile: one works.
    """
    left = MOST_SEARCHED_BYTES
    for sha, content in quarantine.read_contents(found.unsearched):
        _refuse_tokens(quarantine, sha, tokens_in(content), tips)
        if (left := left - len(content)) <= 0:
            return
    for sha, pieces in quarantine.read_pieces(_first(found.unsearched_large, left)):
        _refuse_tokens(quarantine, sha, tokens_in_pieces(pieces), tips)


def _first(sizes: Mapping[str, int], limit_bytes: int) -> Iterator[str]:
    """The first of these objects that have no more than so many bytes together."""
    return (name for name, end in zip(sizes, accumulate(sizes.values()), strict=True) if end <= limit_bytes)


def _refuse_tokens(quarantine: Quarantine, sha: str, texts: set[str], tips: Iterable[str]) -> None:
    if texts:
        refuse_tokens(quarantine.path_of(sha, tips), texts)


def is_plain(tree: bytes) -> bool:
    """Whether a folder needs no closer look, as its content in Git tells."""
    return _PLAIN_ENTRIES.fullmatch(tree) is not None


def _has_plain_twins(tree: bytes) -> bool:
    """Whether a folder whose names are ASCII has two that differ in large and small letters only."""
    names = _PLAIN_NAME.findall(tree.lower())
    return len(set(names)) < len(names)


def check_trees(quarantine: Quarantine, found: Inventory, tips: Sequence[str]) -> list[tuple[str, str]]:
    """Hold every folder of the push, and the files in it that Git reads itself, to the rules that all writers follow.

    New names beside others that some systems take for the same are returned in pairs, as far as a look is cheap.

    Raises:
        TreeRefused, SpecialFileRefused.
    """
    special: dict[str, set[SpecialFile]] = {}
    twins, left = dict[frozenset[str], tuple[str, str]](), MOST_BYTES_FOR_TWINS
    for tree in quarantine.contents(found.trees):
        left -= len(tree)
        if left > 0 and len(twins) < MOST_TWINS:
            twins |= {frozenset(pair): pair for pair in _find_twins(tree)}
        if not is_plain(tree):
            entries = ((name, int(mode, 8), sha.hex()) for mode, name, sha in _TREE_ENTRY.findall(tree))
            for file in check_tree("", entries):
                special.setdefault(file.sha, set()).add(file)
    for sha, content in quarantine.heads(list(special), MAX_SPECIAL_BYTES + 1):
        for file in special[sha]:
            check_special_file(file, content)
    new = quarantine.added_names(tips, COMMITS_FOR_TWINS) if twins else set()
    return [pair for pair in twins.values() if not new.isdisjoint(pair)][:SHOWN_TWINS]


def _find_twins(tree: bytes) -> Iterator[tuple[str, str]]:
    """Names of a folder, as its content in Git tells, with others that some systems take for them."""
    names = [name.decode(errors="surrogateescape") for _mode, name, _sha in _TREE_ENTRY.findall(tree)]
    return find_twins(names, names)
