"""The one policy for paths in a repository: browser and push ask here; what is refused is never repaired."""

import unicodedata
from collections.abc import Callable, Iterable

from framework.errors import Invalid

LONGEST_NAME_BYTES = 255
LONGEST_PATH_BYTES = 4096

# Code points that HFS+ leaves out when it compares names, so that `.g<U+200C>it` opens `.git`.
_HFS_IGNORED = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF],
)


class BadPath(Invalid):
    """A path that no version may hold; the sentence quotes it and says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The path {_shown(path)} {reason}")
        self.path = path


def checked_path(path: str) -> str:
    """The path as it is when a version may hold it.

    Raises:
        BadPath: it is empty, absolute, climbs, spells `.git`, is too long, or has a character that is refused.
    """
    if not path:
        raise BadPath(path, "is empty; give the file a name.")
    if path.startswith("/"):
        raise BadPath(path, "starts with a slash; write it relative to the project's root.")
    if len(_utf8(path)) > LONGEST_PATH_BYTES:
        raise BadPath(path, f"is longer than {LONGEST_PATH_BYTES:,} bytes; shorten its folders' names.")
    for name in path.split("/"):
        if reason := _refusal(name):
            raise BadPath(path, reason)
    return path


def folders_above(paths: Iterable[str]) -> set[str]:
    """Every folder on the way to these paths; the root is the empty one. In order, a folder follows its parent."""
    found = {""}
    for path in paths:
        steps = path.split("/")[:-1]
        found |= {"/".join(steps[: depth + 1]) for depth in range(len(steps))}
    return found


def _refusal(name: str) -> str | None:
    """Why this one segment of a path is refused, or None."""
    return next((reason for refused, reason in _RULES if refused(name)), None)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadPath(text, "is not valid UTF-8; rename the file.") from error


def _spells_git(name: str) -> bool:
    """Whether Windows, macOS or Git itself would take the name for `.git` (CVE-2014-9390, CVE-2019-1352)."""
    seen = name.translate(_HFS_IGNORED).casefold()
    seen = seen.partition(":")[0].rstrip(". ")
    return seen in {".git", "git~1"}


def _has_control_character(name: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in name)


def _shown(path: str) -> str:
    printable = path.encode("unicode_escape", "surrogatepass").decode() if not path.isprintable() else path
    return f"“{printable[:117]}…”" if len(printable) > 120 else f"“{printable}”"


_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: not name, "has an empty folder name; write one slash between folders and none at the end."),
    (lambda name: name in {".", ".."}, "climbs out of its folder or points to itself; write it without dots alone."),
    (_has_control_character, "holds a control character; rename the file."),
    (lambda name: "\\" in name, "holds a backslash, which some systems read as a folder; use a slash or rename it."),
    (lambda name: len(_utf8(name)) > LONGEST_NAME_BYTES, f"has a name of over {LONGEST_NAME_BYTES} bytes; shorten it."),
    (_spells_git, "holds a spelling of .git, which Git keeps for itself; rename it."),
)
