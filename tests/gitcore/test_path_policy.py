"""The one policy for paths."""

import os
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from framework.gitcore.path_policy import BadPath, check_path, check_stored_path, folders_above, spells_git

IGNORED = "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
"""What HFS+ leaves out of names (Apple's technical note 1150, as Git has it)."""
SPECIAL = [".git", "git~1", ".gitmodules", "gitmod~1", "gi7eba~1", ".gitattributes", "gitatt~1", "gi7d29~1"]
PIECES = [*SPECIAL, *".~1 :gitGIT", "..", "\u200c", "\ufeff", "\uffff", "\u2126", "é", "a", "file.txt"]
NAMES = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8", exclude_characters="/\\"), max_size=8).map(
    "".join
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ANY_TEXT = st.text(st.characters() | st.sampled_from("\\\n\udcff"), max_size=200)


def refusal_of(path: str) -> BadPath | None:
    """Why nothing new may be stored there, if so; a path that is taken is taken as it is."""
    try:
        assert check_path(path) == path
    except BadPath as refusal:
        return refusal
    return None


def is_taken(path: str) -> bool:
    """Whether something new may be stored there."""
    return refusal_of(path) is None


def git_by_the_book(name: str) -> bool:
    """Whether a system takes the name for `.git`: without what it ignores, in lower case, to where it stops reading."""
    on_windows = name.partition(":")[0].rstrip(" .").lower()
    on_macos = "".join(letter for letter in re.split("[\ufffe\uffff]", name)[0] if letter not in IGNORED)
    return on_windows in {".git", "git~1"} or (on_macos.isascii() and on_macos.lower() == ".git")


@st.composite
def disguised(draw: st.DrawFn, words: list[str]) -> str:
    """A spelling of one of these words that a system without case, or with endings of its own, may read as the word."""
    word = draw(st.sampled_from(words))
    letters = [draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in word]
    if word.startswith(".") and draw(st.booleans()):  # macOS has no short names
        letters = [letter + draw(st.text(IGNORED, max_size=2)) for letter in letters]
        return draw(st.text(IGNORED, max_size=2)) + "".join(letters)
    return "".join(letters) + draw(st.text(" .", max_size=3)) + draw(st.sampled_from(["", ":", "::$INDEX_ALLOCATION"]))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository to which Git adds nothing that Windows or macOS would misread."""
    folder = tmp_path_factory.mktemp("paths") / "repository.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    for name in ("core.protectNTFS", "core.protectHFS"):
        subprocess.run(["git", "-C", str(folder), "config", name, "true"], check=True)
    return folder


def kept_by_git(repository: Path, paths: list[str]) -> list[str]:
    """These paths as Git's index has them, each in a folder of its own since some are folders of others."""
    git = ["git", "-C", str(repository)]
    environment = {**os.environ, "GIT_INDEX_FILE": str(repository / "index")}
    lines = "".join(f"100644 {1:040x}\t{number:04}/{path}\0" for number, path in enumerate(paths))
    command = ["update-index", "--add", "-z", "--index-info"]
    subprocess.run(["git", "-C", str(repository), "read-tree", "--empty"], check=True, env=environment)
    subprocess.run([*git, *command], input=lines.encode(), check=True, env=environment)
    listed = subprocess.run([*git, "ls-files", "-z"], stdout=subprocess.PIPE, check=True, env=environment).stdout
    return [entry.partition("/")[2] for entry in listed.decode().split("\0")[:-1]]


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a/b/c.txt",
        "日本語.txt",
        "CON",
        "with space",
        ".gitignore",
        ".github/x",
        "x.git",
        "a" * 255,
        "…",
        "-x",
        "git~2",
        ".gitmodules",
        "a/.gitattributes",
    ],
)
def test_it_takes_what_git_can_keep(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "/a", "a//b", "a/", ".", "..", "a/../b", "./a", "../x", "a\\b", "a\0b", "a\nb", "\x7f", "a\x85b",
        ".git", ".git/config", "a/.GIT/x", "git~1", ".git.", ".git ", ".git . .", ".g\u200cit", ".git:stream",
        ".git::$INDEX_ALLOCATION", "GITMOD~1", ".gitmo\u200cdules", ".GitAttributes", ".gitmodules.",
        "a" * 256, "é" * 128, "a/" * 2049 + "b", "\udcff",
    ],
)  # fmt: skip
def test_it_refuses_with_the_path_and_a_reason(path: str) -> None:
    with pytest.raises(BadPath) as refusal:
        check_path(path)
    assert refusal.value.path == path
    assert refusal.value.sentence.startswith("The path “")
    refusal.value.sentence.encode()


@settings(max_examples=25)
@given(paths=st.lists(PATHS | disguised(SPECIAL), min_size=10, max_size=40))
def test_git_keeps_what_it_takes(repository: Path, paths: list[str]) -> None:
    taken = [path for path in paths if is_taken(path)]
    assert kept_by_git(repository, taken) == taken


@given(ANY_TEXT | PATHS)
def test_any_path_is_taken_as_it_is_or_refused_in_a_sentence_that_can_be_shown(path: str) -> None:
    if refusal := refusal_of(path):
        assert refusal.path == path
        assert refusal.sentence.isprintable()
        assert len(refusal.sentence) < 300


@given(NAMES | disguised([".git", "git~1"]))
def test_a_name_spells_git_where_a_system_reads_it_so(name: str) -> None:
    assert spells_git(name.encode()) == git_by_the_book(name)


@given(PATHS, disguised(SPECIAL), PATHS)
def test_a_disguise_is_refused_anywhere_in_a_path(before: str, name: str, after: str) -> None:
    assume(name not in {".gitmodules", ".gitattributes"})
    assert not any(map(is_taken, (name, f"{before}/{name}", f"{name}/{after}", f"{before}/{name}/{after}")))


@given(PATHS)
def test_composed_and_decomposed_letters_are_taken_alike(path: str) -> None:
    assert is_taken(unicodedata.normalize("NFC", path)) == is_taken(unicodedata.normalize("NFD", path))


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_a_path_is_taken_when_each_of_its_names_is(names: list[str]) -> None:
    path = "/".join(names)
    assert is_taken(path) == all(map(is_taken, names))
    if is_taken(path):
        assert check_stored_path(path) == path
        assert all(map(is_taken, folders_above([path]) - {""}))
