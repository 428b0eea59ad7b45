"""What `.gitattributes` say of the language of files, in the words of GitHub's linguist."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from framework.repositories.cache.copy import Copy
from framework.repositories.history.attributes import Attributes, check_attributes, find_attribute_files

MOST_ATTRIBUTE_FILES, LONGEST_ATTRIBUTES_BYTES = 100, 1 << 18
"""Of more of them on the way to a page's files, or of longer ones, none is read."""
LONGEST_LANGUAGE = 40
NAMES = ("linguist-language", "linguist-generated", "linguist-vendored", "linguist-documentation")
_PREFIX = b"linguist-"
_SWITCHES = {"set": True, "true": True, "unset": False, "false": False}


@dataclass(frozen=True)
class Told:
    """The language that a file is said to be in, empty where nothing is said of it; likewise None of the others.

    `is_generated`: a program made it. `is_aside`: that, or others wrote it, or it is documentation, so that it tells
    nothing of what the project is written in.
    """

    language: str = ""
    is_generated: bool | None = None
    is_aside: bool | None = None

    @classmethod
    def of(cls, attributes: Attributes) -> "Told":
        """What these attributes of a file say."""
        language, *aside = (attributes.get(name, "unspecified") for name in NAMES)
        switches = [_SWITCHES.get(value) for value in aside]
        named = "" if language in {"unspecified", *_SWITCHES} else language[:LONGEST_LANGUAGE]
        is_aside = True if True in switches else False if False in switches else None
        return cls(named, switches[0], is_aside)


NOTHING = Told()


def read_told(copy: Copy, commit_sha: str, paths: Sequence[str]) -> Mapping[str, Told]:
    """What the commit's `.gitattributes` say of each of these paths; empty where none speaks of languages."""
    found = list(islice(find_attribute_files(copy, commit_sha, paths), MOST_ATTRIBUTE_FILES + 1))
    if len(found) > MOST_ATTRIBUTE_FILES or not speak_of_languages(_read(copy, sha) for _path, sha in found):
        return {}
    files = {path: sha for path, sha in found if copy.blob(sha).size_bytes <= LONGEST_ATTRIBUTES_BYTES}
    with check_attributes(copy, files, paths, NAMES) as values:
        return {path: Told.of(attributes) for path, attributes in zip(paths, values, strict=True)}


def read_told_language(copy: Copy, commit_sha: str, path: str) -> str:
    """The language that the commit's `.gitattributes` name for this file; empty if they name none."""
    return read_told(copy, commit_sha, [path]).get(path, NOTHING).language


def speak_of_languages(texts: Iterable[bytes]) -> bool:
    """Whether one of these `.gitattributes` files has a word for linguist."""
    return any(_PREFIX in text for text in texts)


def _read(copy: Copy, sha: str) -> bytes:
    blob = copy.blob(sha)
    return b"".join(blob.chunks) if blob.size_bytes <= LONGEST_ATTRIBUTES_BYTES else b""
