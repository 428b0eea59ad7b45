"""What a received pack holds, and why one is refused."""

from dataclasses import dataclass, field
from pathlib import Path

from framework import config
from framework.errors import Invalid, TooLarge


class PackRefused(Invalid):
    """git does not take the pack: it is cut, damaged, or an object in it breaks fsck's rules; git's words say which."""

    def __init__(self, words: str) -> None:
        lines = [line for line in words.splitlines() if line.startswith(("error:", "fatal:"))] or ["fatal: it ended"]
        reasons = "; ".join(line.partition(":")[2].strip() for line in lines[:3])
        super().__init__(f"Git cannot take these objects ({reasons[:300]}). Run `git fsck` where you push from.")


class DeltaTooLarge(TooLarge):
    """A delta says that it becomes an object larger than any may be."""

    def __init__(self) -> None:
        limit = config.current().max_file_bytes >> 20
        super().__init__(
            f"An object of this push is too large when it is unpacked; a file may have {limit} MiB at most."
        )


class ObjectsMissing(Invalid):
    """What the new refs point to is not complete."""

    def __init__(self) -> None:
        super().__init__(
            "The push lacks objects that its commits need. Run `git fsck` where you push from, and fetch the whole"
            " history if the clone is shallow."
        )


@dataclass
class Inventory:
    """What a received pack holds: files of object names, in the order of the pack, and `large` blobs with their bytes.

    `small` names all other objects where there are large ones. `trees` are those to be held to the rules, `brief` the
    blobs that can be pointers of Git LFS, `unsearched` and `unsearched_large` what is to be searched for tokens.
    `oversized` are the objects over the limits, as (name, kind, size in bytes); `inflated_bytes` is what all take.
    """

    trees: Path
    small: Path
    brief: Path
    unsearched: Path
    large: dict[str, int] = field(default_factory=dict)
    unsearched_large: dict[str, int] = field(default_factory=dict)
    oversized: list[tuple[str, str, int]] = field(default_factory=list)
    inflated_bytes: int = 0


@dataclass(frozen=True)
class Limits:
    """From which size in bytes a blob counts as large, and what blobs and other objects may have."""

    large_blob_bytes: int
    blob_bytes: int
    other_bytes: int
