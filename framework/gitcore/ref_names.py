"""Which refs a repository may hold: branches, tags and notes, by Git's own rules for names."""

import re
from collections.abc import Collection, Iterable, Iterator

from framework.errors import Invalid

HEADS = "refs/heads/"
TAGS = "refs/tags/"
NOTES = "refs/notes/"
KINDS = (HEADS, TAGS, NOTES)
LONGEST_REF_BYTES = 255
NO_OBJECT = "0" * 40
"""What Git writes for the object of a ref, or of a path, that is not there."""

# git-check-ref-format(1), rules 1 and 3 to 10, over what stands behind refs/heads/, refs/tags/ or refs/notes/.
# Half a surrogate pair stands for a byte that is not UTF-8, which SQL does not take.
_REFUSED = re.compile(r"[\x00-\x20\x7f\ud800-\udfff~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[./-]|[./]$|^@$")
_OBJECT_NAME = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?", re.IGNORECASE)


class BadRef(Invalid):
    """A ref name that Git or this service refuses."""

    def __init__(self, name: str) -> None:
        told = name[:120].encode(errors="replace").decode()
        super().__init__(
            f"“{told}” cannot be a branch or tag: use letters, digits, dots, dashes and slashes,"
            " do not start with a dash, and do not write a commit's id."
        )
        self.name = name


class RefElsewhere(Invalid):
    """A ref that is neither a branch nor a tag nor notes; one sentence for all of them in a push."""

    def __init__(self) -> None:
        super().__init__(
            "Only branches, tags and notes are kept here (refs/heads, refs/tags, refs/notes). Other refs, such as"
            " refs/pull or refs/remotes, were left out; push --all and --tags instead of --mirror."
        )


def short_name(name: str) -> str:
    """A full ref name without its kind, as people call it."""
    return name.split("/", 2)[2] if name.startswith(KINDS) else name


def branch_ref(branch: str) -> str:
    """The full name of a branch, checked.

    Raises:
        BadRef: Git would not take the name.
    """
    return check_ref(HEADS + branch)


def check_ref(name: str) -> str:
    """The full ref name as it is when a repository may hold it.

    Raises:
        RefElsewhere: it is no branch, no tag and no notes. BadRef: it is not of Git's form.
    """
    if not name.startswith(KINDS):
        raise RefElsewhere
    short = short_name(name)
    too_long = len(name.encode(errors="replace")) > LONGEST_REF_BYTES
    if not short or too_long or _REFUSED.search(short) or _OBJECT_NAME.fullmatch(short) or short == "HEAD":
        raise BadRef(name)
    return name


def clashes(created: Iterable[str], names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Created refs that are the folder of another ref, or lie in one, with that other; in time linear in all names."""
    there = set(names)
    inside = {folder: name for name in there for folder in _folders(name)}
    for name in created:
        other = inside.get(name) or next((folder for folder in _folders(name) if folder in there), None)
        if other:
            yield name, other


def _folders(name: str) -> Iterator[str]:
    """The folders on the way to this ref, as files of their own would be called."""
    place = name.find("/")
    while place >= 0:
        yield name[:place]
        place = name.find("/", place + 1)
