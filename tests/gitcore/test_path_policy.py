"""The one policy for paths."""

import pytest

from framework.gitcore.path_policy import BadPath, check_path


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
