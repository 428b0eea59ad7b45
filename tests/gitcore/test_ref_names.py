"""Which names branches and tags may have."""

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import Invalid
from framework.gitcore.ref_names import LONGEST_REF_BYTES, BadRef, branch_ref, check_ref, clashes

NAMES = ["main", "a/b", "v1.0", "über", "a-b", "a.b", "日本", "x" * 200, "heads", "a@b", "@a", "feature/refs/heads/x"]
BAD = ["", ".a", "a.", "a..b", "a/.b", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "a@{b", "@", "/a", "a/",
       "a//b", "a.lock", "a.lock/b", "a\x01b", "a\x7fb"]  # fmt: skip

PIECES = ["a", "main", "HEAD", "/", ".", "..", ".lock", "@", "@{", "-", *" *?[\\~^:\n\x7f", "é", "\udcff"]
SHORT_NAMES = (
    st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8", exclude_characters="\0"), max_size=6).map("".join)
    | st.text("0123456789abcdefABCDEF", min_size=38, max_size=42)
    | st.integers(200, 300).map(lambda size: "x" * size)
)
EACH_NAME = 'for name; do git check-ref-format "$name"; echo $?; done'
NESTED = st.lists(st.sampled_from(["a", "b", "a-"]), min_size=1, max_size=4).map("/".join)


def is_taken(name: str) -> bool:
    """Whether the name may be a ref's."""
    try:
        return check_ref(name) == name
    except BadRef:
        return False


def misleads(short: str) -> bool:
    """Whether a command line would take the branch for something else, or a row of SQL cannot hold it."""
    is_object = re.fullmatch("[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", short)
    is_long = len(f"refs/heads/{short}".encode(errors="replace")) > LONGEST_REF_BYTES
    is_text = short == short.encode(errors="replace").decode()
    return short.startswith("-") or short in {"@", "HEAD"} or bool(is_object) or is_long or not is_text


def lies_in(name: str, other: str) -> bool:
    """Whether one of two refs is the other's folder."""
    return name.startswith(f"{other}/") or other.startswith(f"{name}/")


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
     "refs/heads/HEAD", "refs/heads", "main", "refs/heads/" + "x" * 250, "refs/heads/caf\udce9", "refs/tags/\ud800"],
)  # fmt: skip
def test_it_refuses_what_would_mislead(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_ref(name)
    assert refusal.value.sentence.encode()


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


@settings(max_examples=25)
@given(st.lists(SHORT_NAMES, min_size=5))
def test_it_takes_whatever_git_takes_and_nobody_misreads(short_names: list[str]) -> None:
    names = [f"refs/heads/{short}" for short in short_names]
    told = subprocess.run(["sh", "-c", EACH_NAME, "sh", *names], stdout=subprocess.PIPE, text=True, check=True).stdout
    for name, short, status in zip(names, short_names, told.split(), strict=True):
        assert is_taken(name) == (status == "0" and not misleads(short)), name


@given(st.lists(NESTED), st.lists(NESTED))
def test_of_two_names_that_cannot_be_beside_each_other_both_are_told(created: list[str], others: list[str]) -> None:
    names = {*created, *others}
    found = dict(clashes(names, names))
    assert found.keys() == {name for name in names for other in names if lies_in(name, other)}
    assert all(other in names and lies_in(name, other) for name, other in found.items())
    assert set(clashes(created, names)) <= found.items()
