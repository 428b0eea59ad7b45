"""The one policy for paths: what Git refuses everywhere, and what browser and API refuse for names that are new.

What is refused is never repaired. A push or an import may bring what published histories hold: names in other
encodings, backslashes, control characters.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator

from framework.errors import Invalid

LONGEST_NAME_BYTES = 255
LONGEST_PATH_BYTES = 4096

MODULES, ATTRIBUTES = ".gitmodules", ".gitattributes"
"""The files of a folder that Git reads wherever they lie."""

# What HFS+ leaves out when it compares names, so that `.g<U+200C>it` opens `.git`.
_IGNORED = rb"(?:\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf)*"
_NTFS_GIT = re.compile(rb"(?:\.git|git~1)[ .]*(?:\Z|[\\/:])", re.IGNORECASE)


def _hfs(name: bytes) -> re.Pattern[bytes]:
    return re.compile(_IGNORED + _IGNORED.join(re.escape(bytes([letter])) for letter in name) + _IGNORED, re.IGNORECASE)


def _ntfs(name: bytes, short: bytes) -> re.Pattern[bytes]:
    """The long name, and the short ones that NTFS makes of it: six letters and a number, or letters of a hash."""
    hashed = b"|".join(short[:length] + rb"~[1-9][0-9]{%d}" % (6 - length) for length in range(7))
    names = rb"\.%b|%b~[1-4]|%b" % (name, name[:6], hashed)
    return re.compile(rb"(?:%b)[ .]*(?:\Z|:)" % names, re.IGNORECASE)


# How no name begins that is read as another one: most are looked at no further, since a folder may hold thousands.
_HARMLESS = re.compile(rb"[^.gG~\xe2\xef\\][^\\]*\Z")
_HFS_GIT = _hfs(b".git")
_SPECIAL = {
    MODULES: (_ntfs(b"gitmodules", b"gi7eba"), _hfs(b".gitmodules")),
    ATTRIBUTES: (_ntfs(b"gitattributes", b"gi7d29"), _hfs(b".gitattributes")),
}


class BadPath(Invalid):
    """A path that no version may hold; the sentence quotes it and says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The path {quote_path(path)} {reason}")
        self.path = path


def check_path(path: str) -> str:
    """The path as it is when something new may be stored there.

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


def check_stored_path(path: str) -> str:
    """The path as it is when a version could hold it, by whatever door it came in.

    Raises:
        BadPath: it is empty, absolute, climbs or has an empty name, or a character that no path of Git's can have.
    """
    if "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise BadPath(path, "is no file's or folder's; look up how it is written.")
    return path


def fold_name(name: str) -> str:
    """What two names have in common that some systems take for one: large and small letters, NFC and NFD."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def find_twins(new: Collection[str], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each of these new names of a folder with another of its `names` that some systems take for it."""
    folded = {fold_name(name): name for name in new}
    for name in names:
        twin = folded.get(fold_name(name), name)
        if twin != name:
            yield twin, name


def explain_twin(name: str, twin: str) -> str:
    """What is the matter with a name beside its twin, as a sentence that begins after the name."""
    if unicodedata.normalize("NFC", twin) == unicodedata.normalize("NFC", name):
        return f"looks like {quote_path(twin)}, whose letters are composed otherwise; on macOS one hides the other."
    return f"differs from {quote_path(twin)} in large and small letters only; on Windows and macOS one hides the other."


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


def spells_git(name: bytes) -> bool:
    """Whether Windows, macOS or Git itself would take the name for `.git` (CVE-2014-9390, CVE-2019-1352)."""
    if _HARMLESS.match(name):
        return False
    return any(_NTFS_GIT.match(ending) for ending in _endings(name)) or _is(_HFS_GIT, name)


def read_as(name: bytes) -> set[str]:
    """Which of its own files Git reads under this name on some system; none for the names of most files."""
    if _HARMLESS.match(name):
        return set()
    found = {kind for kind, (ntfs, hfs) in _SPECIAL.items() if ntfs.match(name) or _is(hfs, name)}
    if any(_SPECIAL[MODULES][0].match(ending) for ending in _endings(name)[1:]):
        found.add(MODULES)
    return found


def _endings(name: bytes) -> list[bytes]:
    """The name, and what stands behind each of its backslashes, which separate folders on Windows."""
    parts = name.split(b"\\")
    return [b"\\".join(parts[start:]) for start in range(len(parts))]


def _is(pattern: re.Pattern[bytes], name: bytes) -> bool:
    """Whether macOS reads the name as this one; Git takes what is no UTF-8 for the name's end."""
    found = pattern.match(name)
    if found is None:
        return False
    rest = name[found.end() :]
    return not rest or rest.startswith(b"/") or not _is_utf8(rest)


def _is_utf8(text: bytes) -> bool:
    """Whether a character of UTF-8 stands at the beginning, other than U+FFFE and U+FFFF."""
    first = next((text[:size] for size in range(1, 5) if _decodes(text[:size])), b"")
    return bool(first) and first.decode() not in {"\ufffe", "\uffff"}


def _decodes(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _looks_special(name: str) -> bool:
    """Whether some system takes it for `.gitmodules` or `.gitattributes`, which has to be written so."""
    return name not in {MODULES, ATTRIBUTES} and bool(read_as(_utf8(name)))


def _has_control_character(name: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in name)


def quote_path(path: str) -> str:
    """The path in quotation marks, what cannot be printed as escapes, a long one cut."""
    printable = path if path.isprintable() else path.encode("unicode_escape", "surrogatepass").decode()
    return f"“{printable[:117]}…”" if len(printable) > 120 else f"“{printable}”"


_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: not name, "has an empty folder name; write one slash between folders and none at the end."),
    (lambda name: name in {".", ".."}, "climbs out of its folder or points to itself; write it without dots alone."),
    (_has_control_character, "holds a control character; rename the file."),
    (lambda name: "\\" in name, "holds a backslash, which some systems read as a folder; use a slash or rename it."),
    (lambda name: len(_utf8(name)) > LONGEST_NAME_BYTES, f"has a name of over {LONGEST_NAME_BYTES} bytes; shorten it."),
    (lambda name: spells_git(_utf8(name)), "holds a spelling of .git, which Git keeps for itself; rename it."),
    (_looks_special, "is read as a file of Git's own by some systems; rename it."),
)
