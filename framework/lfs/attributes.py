"""Which files belong in Git LFS: those that `.gitattributes` gives the filter `lfs`, by git's own rules."""

from collections.abc import Sequence

from framework.repositories.cache.copy import Copy
from framework.repositories.history.attributes import read_attributes


def find_tracked_paths(copy: Copy, tip: str | None, paths: Sequence[str]) -> set[str]:
    """Those of these paths that the commit's `.gitattributes` files, of the root and of folders, put into Git LFS."""
    found = read_attributes(copy, tip, paths, ["filter"]) if tip else {}
    return {path for path, values in found.items() if values["filter"] == "lfs"}
