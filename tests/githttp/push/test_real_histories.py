"""Defects that published histories have: some pass and are shown, the rest is refused by its name."""

import re
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.maintenance.verification import verify
from framework.repositories.write.quarantine import DOWNGRADED
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House

PLAIN = b"Ann <ann@example.org> 1300000000 +0000"
PASSING_IDENTITIES = {
    "badTimezone": [b"Ann <ann@example.org> 1300000000 -700", b"Ann <ann@example.org> 1300000000 +051800"],
    "missingSpaceBeforeDate": [b"Ann <ann@example.org>1300000000 +0000", b"Ann <ann@example.org>"],
    "missingSpaceBeforeEmail": [b"Ann<ann@example.org> 1300000000 +0000"],
    "missingNameBeforeEmail": [b"<ann@example.org> 1300000000 +0000"],
    "badDateOverflow": [b"Ann <ann@example.org> 18446744073709551616 +0000", b"Ann <ann@example.org> -9999 +0000"],
}
REFUSED_IDENTITIES = {
    "missingEmail": b"Ann 1300000000 +0000",
    "badDate": b"Ann <ann@example.org> <ann@example.org> 1300000000 +0000",
    "zeroPaddedDate": b"Ann <ann@example.org> 01300000000 +0000",
    "badEmail": b"Ann <ann@<example.org> 1300000000 +0000",
    "badName": b"Ann> <ann@example.org> 1300000000 +0000",
}


@pytest.fixture
def public(house: House, project: ProjectAccess) -> ProjectAccess:
    """A public project of Alice's."""
    return create_project(house.people["alice"], name=f"{project.name}-public", description="", visibility="public")


def commit(work: Work, tree: str, identity: bytes) -> str:
    lines = [b"tree " + tree.encode(), b"author " + identity, b"committer " + identity]
    return work.object("commit", b"\n".join(lines) + b"\n\nConverted\n")


def a_tree(work: Work) -> str:
    return work.object("tree", entry(work, b"100644 a.txt", b"x"))


def entry(work: Work, head: bytes, content: bytes) -> bytes:
    kind = "tree" if head.lstrip(b"0").startswith(b"4") else "blob"
    return head + b"\0" + bytes.fromhex(work.object(kind, content))


def page(alice: Person, project: ProjectAccess, path: str) -> str:
    try:
        with urlopen(f"{alice.url}/{project.full_name}{path}") as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        error.close()
        pytest.fail(f"{path}: {error.code}")


def check_served(alice: Person, project: ProjectAccess) -> None:
    """A clone is whole, and pages show what there is."""
    copy = alice.clone(project.full_name, "copy")
    downgraded = [part for message in DOWNGRADED.split(",") for part in ("-c", f"fsck.{message}")]
    assert copy.git(*downgraded, "fsck", "--strict").stderr == ""
    tip = copy.sha("HEAD")
    assert verify(project.repository_id).faults == ()
    for path in ("", "/commits/main", f"/commit/{tip}", f"/tree/{tip}"):
        assert "Converted" in page(alice, project, path)


IDENTITIES = [(message, identity) for message, each in PASSING_IDENTITIES.items() for identity in each]


@pytest.mark.parametrize(("message", "identity"), IDENTITIES, ids=str)
def test_it_takes_authors_that_are_written_badly(
    alice: Person, public: ProjectAccess, message: str, identity: bytes
) -> None:
    work = alice.work()
    tip = commit(work, a_tree(work), identity)
    assert message in work.git("fsck", "--strict", tip, check=False).stderr
    work.git("update-ref", "refs/heads/main", tip)
    work.push(public.full_name, "main")
    check_served(alice, public)


def test_it_takes_tags_of_converters(alice: Person, public: ProjectAccess) -> None:
    work = alice.work()
    tip = commit(work, a_tree(work), PLAIN)
    lines = [b"object " + tip.encode(), b"type commit", b"tag v1", b"tagger Ann <ann@example.org>"]
    tag = work.object("tag", b"\n".join(lines) + b"\n\nRelease\n")
    work.push(public.full_name, f"{tip}:refs/heads/main", f"{tag}:refs/tags/v1")
    check_served(alice, public)
    assert "a.txt" in page(alice, public, "/tree/v1")


def test_it_takes_folders_of_very_old_tools(alice: Person, public: ProjectAccess) -> None:
    work = alice.work()
    inner = entry(work, b"100644 b.txt", b"y")
    tree = work.object("tree", entry(work, b"100644 a.txt", b"x") + entry(work, b"040000 folder", inner))
    tip = commit(work, tree, PLAIN)
    assert "zeroPaddedFilemode" in work.git("fsck", "--strict", tip, check=False).stderr
    work.push(public.full_name, f"{tip}:refs/heads/main")
    check_served(alice, public)
    assert "b.txt" in page(alice, public, "/tree/main/folder")


def test_old_modes_of_files_pass_as_warnings(alice: Person, public: ProjectAccess) -> None:
    work = alice.work()
    tip = commit(work, work.object("tree", entry(work, b"100664 a.txt", b"x")), PLAIN)
    assert "badFilemode" in work.git("fsck", "--strict", tip).stderr
    work.push(public.full_name, f"{tip}:refs/heads/main")
    assert "a.txt" in page(alice, public, "/tree/main")


ODD_NAMES = [b"back\\slash", b"bell\x07", b"caf\xe9", b"Icon\r", b"line\nbreak", "nel\x85".encode()]


def test_it_takes_names_that_nobody_may_choose_here(alice: Person, public: ProjectAccess) -> None:
    work = alice.work()
    files = [(name, entry(work, b"100644 " + name, b"x\n")) for name in ODD_NAMES]
    inner = work.object("tree", b"".join(line for _name, line in sorted(files)))
    folders = [(name, b"40000 " + name + b"\0" + bytes.fromhex(inner)) for name in ODD_NAMES]
    tip = commit(work, work.object("tree", b"".join(line for _name, line in sorted(folders))), PLAIN)
    work.push(public.full_name, f"{tip}:refs/heads/main")
    check_served(alice, public)
    for place in ("", "/tree/main/back%5Cslash", f"/commit/{tip}", "/find/main?q=back"):
        shown = page(alice, public, place)
        assert "back\\slash" in shown, place
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown), place
    shown = page(alice, public, f"/commit/{tip}")
    on_demand = re.findall(r'data-on-demand href="[^"]*(/commit/[^"]*\?path=[^"]*)"', shown)
    assert on_demand
    for link in on_demand:
        assert '<tr class="diff-added">' in page(alice, public, link), link
    for name in set(ODD_NAMES) - {b"caf\xe9", b"line\nbreak"}:  # no address leads to these
        path = quote(b"back\\slash/" + name)
        for kind in ("blob", "raw", "blame", "commits"):
            page(alice, public, f"/{kind}/main/{path}")


@pytest.mark.parametrize(("message", "identity"), list(REFUSED_IDENTITIES.items()), ids=str)
def test_it_refuses_authors_that_tools_read_differently(
    alice: Person, public: ProjectAccess, message: str, identity: bytes
) -> None:
    work = alice.work()
    refused(work, public, commit(work, a_tree(work), identity), message)


@pytest.mark.parametrize(
    "message", ["duplicateEntries", "treeNotSorted", "nullSha1", "multipleAuthors", "gitmodulesUrl"]
)
def test_it_refuses_what_endangers_others(alice: Person, public: ProjectAccess, message: str) -> None:
    work = alice.work()
    twice = entry(work, b"100644 a.txt", b"x") + entry(work, b"100644 a.txt", b"y")
    unsorted = entry(work, b"100644 b.txt", b"x") + entry(work, b"100644 a.txt", b"y")
    modules = b'[submodule "a"]\n\tpath = a\n\turl = -u./payload\n'
    trees = {
        "duplicateEntries": twice,
        "treeNotSorted": unsorted,
        "nullSha1": b"160000 sub\0" + bytes(20),
        "gitmodulesUrl": entry(work, b"100644 .gitmodules", modules),
    }
    tree = work.object("tree", trees[message]) if message in trees else a_tree(work)
    identity = PLAIN + b"\nauthor " + PLAIN if message == "multipleAuthors" else PLAIN
    refused(work, public, commit(work, tree, identity), message)


def refused(work: Work, project: ProjectAccess, tip: str, message: str) -> None:
    said = work.push(project.full_name, f"{tip}:refs/heads/main", check=False).stderr
    assert "remote: error: Git cannot take these objects (object " in said
    assert message in said
    assert read_snapshot(project.repository_id).version == 0
