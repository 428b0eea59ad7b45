"""What needs no closer look is what the rules for folders would not refuse."""

from itertools import product

import pytest

from framework.errors import Invalid
from framework.gitcore.packs import TREE
from framework.githttp.push.policy import is_clear, is_plain
from framework.repositories.write.fsck import check_tree

SHORT = [bytes(letters) for size in (1, 2) for letters in product(range(1, 256), repeat=size)]
SPELLINGS = [
    *(b".git", b".GIT", b".git.", b".git ", b".git. .", b".git:x", b".git::$INDEX_ALLOCATION", b"git~1", b"GIT~1 ."),
    *(".g\u200cit".encode(), b"...", b"x" * 255, b"x" * 256, b".gitignore", b".git-blame", b"git", b"g", b""),
    *(
        b".gitmodules",
        b".GitModules ",
        b".gitattributes",
        b"gitmod~1",
        b"GITATT~2",
        b"gi7eba~1",
        b"~1234567",
        b"gi~12345",
    ),
]


def plain(name: bytes) -> bool:
    """Whether a folder with a file of this name needs no closer look."""
    return is_plain(b"100644 " + name + b"\0" + bytes(20))


def accepted(name: bytes) -> bool:
    """Whether the rules accept the name of a folder, and have nothing to look at in a file of this name."""
    try:
        special = check_tree("", [(name, 0o40000, "1" * 40)])
    except Invalid:
        return False
    return not special


def test_it_passes_no_name_that_the_policy_refuses() -> None:
    assert [name for name in [*SHORT, *SPELLINGS] if plain(name) and not accepted(name)] == []


@pytest.mark.parametrize("name", [b"README.md", b".gitignore", b"a b", b"git", b"x" * 255, b"...", b"graph.py"])
def test_it_passes_the_names_of_most_folders(name: bytes) -> None:
    assert plain(name)


def clear(*names: bytes) -> bool:
    """Whether a folder with files of these names needs no closer look."""
    return is_clear(TREE, b"".join(b"100644 " + name + b"\0" + bytes(20) for name in names))


def test_a_folder_is_clear_unless_a_name_is_refused_or_two_differ_in_capitals() -> None:
    assert clear(b"data", b"readme")
    assert clear(b"README", b"data")
    assert not clear(b"README", b"data", b"readme")
    assert [name for name in [*SHORT, *SPELLINGS] if clear(name) and not accepted(name)] == []


def test_one_name_that_needs_a_look_is_enough() -> None:
    entry = b"40000 docs\0" + bytes(20)
    assert is_plain(entry * 3)
    assert not is_plain(entry + b"100644 a\\b\0" + bytes(20) + entry)
