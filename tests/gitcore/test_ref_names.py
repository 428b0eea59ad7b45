"""Which names branches and tags may have."""

import subprocess

import pytest

from framework.errors import Invalid
from framework.gitcore.ref_names import BadRef, branch_ref, check_ref, clashes

NAMES = ["main", "a/b", "v1.0", "über", "a-b", "a.b", "日本", "x" * 200, "heads", "a@b", "@a", "feature/refs/heads/x"]
BAD = ["", ".a", "a.", "a..b", "a/.b", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "a@{b", "@", "/a", "a/",
       "a//b", "a.lock", "a.lock/b", "a\x01b", "a\x7fb"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_what_git_takes(name: str) -> None:
    assert branch_ref(name) == f"refs/heads/{name}"
    subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=True)


@pytest.mark.parametrize("name", BAD)
def test_it_refuses_what_git_refuses(name: str) -> None:
    with pytest.raises(BadRef):
        branch_ref(name)
    if name != "@":  # a branch of this name is legal to git, but no command line can name it
        assert subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode != 0


@pytest.mark.parametrize(
    "name",
    ["refs/heads/--exec=x", "refs/heads/" + "a" * 40, "refs/tags/" + "0" * 64, "refs/replace/a", "refs/pull/1", "HEAD",
     "refs/heads/HEAD", "refs/heads", "main", "refs/heads/" + "x" * 250],
)  # fmt: skip
def test_it_refuses_what_would_mislead(name: str) -> None:
    with pytest.raises(Invalid):
        check_ref(name)


@pytest.mark.parametrize(
    ("created", "names", "found"),
    [
        (["h/a/b"], ["h/a", "h/a/b"], [("h/a/b", "h/a")]),
        (["h/a"], ["h/a", "h/a/b/c"], [("h/a", "h/a/b/c")]),
        (["h/a", "h/ab"], ["h/a", "h/ab", "h/a-b"], []),
        (["h/a", "h/a/b"], ["h/a", "h/a/b"], [("h/a", "h/a/b"), ("h/a/b", "h/a")]),
    ],
)
def test_names_that_cannot_be_beside_each_other(
    created: list[str], names: list[str], found: list[tuple[str, str]]
) -> None:
    assert list(clashes(created, names)) == found
