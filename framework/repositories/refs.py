"""Which refs a repository may hold: branches and tags, by Git's own rules for names."""

import re

from framework.errors import Invalid

HEADS = "refs/heads/"
TAGS = "refs/tags/"
LONGEST_REF_BYTES = 255

# git-check-ref-format(1), rules 1 and 3 to 10, over what stands behind refs/heads/ or refs/tags/.
_REFUSED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[./-]|[./]$|^@$")
_OBJECT_NAME = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?", re.IGNORECASE)


class BadRef(Invalid):
    """A ref name that Git or this service refuses."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"“{name[:120]}” cannot be a branch or tag: use letters, digits, dots, dashes and slashes,"
            " do not start with a dash, and do not write a commit's id."
        )
        self.name = name


def branch_ref(branch: str) -> str:
    """The full name of a branch, checked.

    Raises:
        BadRef: Git would not take the name.
    """
    return checked_ref(HEADS + branch)


def checked_ref(name: str) -> str:
    """The full ref name as it is when a repository may hold it.

    Raises:
        BadRef: it is outside refs/heads/ and refs/tags/ or not of Git's form.
    """
    short = name.split("/", 2)[2] if name.startswith((HEADS, TAGS)) else ""
    too_long = len(name.encode(errors="replace")) > LONGEST_REF_BYTES
    if not short or too_long or _REFUSED.search(short) or _OBJECT_NAME.fullmatch(short) or short == "HEAD":
        raise BadRef(name)
    return name
