"""Pushes that no version may hold: each is told why, and nothing of it is left or can be fetched."""

import gzip
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from framework.accounts.lifecycle import administration
from framework.accounts.models import PlanLimits
from framework.accounts.signin.tokens import create_token
from framework.database.session import transaction
from framework.githttp.protocol.commands import MAX_COMMANDS
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.repositories.models import Repository
from framework.repositories.write.received_objects import PIECE_BYTES
from tests.cast import posted_texts
from tests.githttp.client import Person, Work
from tests.githttp.conftest import MIB, House, others_are_answered
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, post, push_body
from tests.githttp.push.bomb import delta_bomb, tiny_objects
from tests.githttp.push.leftovers import state
from tests.memory import children, growing_by


def tree_of(work: Work, name: bytes, mode: bytes = b"100644") -> str:
    """A tree with one entry of this name."""
    kind = "tree" if mode == b"40000" else "blob"
    content = b"" if kind == "tree" else b"x"
    return work.object("tree", mode + b" " + name + b"\0" + bytes.fromhex(work.object(kind, content)))


BAD_NAMES = [
    b".", b"..", b".git", b".GIT", b".Git ", b"git~1", b"GIT~1", b".git.", b".git::$INDEX_ALLOCATION",
    ".g\u200cit".encode(), b"a/b", b"/etc", b"../x", b"a\\.git", b"a\\git~1 ", b".git\xff",
]  # fmt: skip


@pytest.mark.parametrize("folded", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_bad_names(house: House, alice: Person, project: ProjectAccess, work: Work, name: bytes, folded: bool) -> None:
    before = state(house, project)
    tip = work.commit_of(tree_of(work, name, b"40000" if folded else b"100644"))
    body = push_body([(NOTHING, tip, "refs/heads/side")], pack_of(work, *everything(work, tip)))
    status, said = post(alice, project.full_name, body)
    assert status == 200
    assert b"ng refs/heads/side " in said
    assert b"\x02error: " in said
    assert state(house, project) == before


@pytest.mark.parametrize(
    "ref",
    [
        "--exec=x", "refs/heads/-x", f"refs/heads/{'a' * 40}", "refs/replace/" + "b" * 40, "refs/pull/1", "HEAD",
        "refs/heads/a..b", "refs/heads/x.lock", "refs/heads/", "refs/notes/..", "refs/heads/caf\udce9",
        "refs/heads/" + "x" * 250, "refs/heads/HEAD", "main",
    ],
    ids=ascii,
)  # fmt: skip
def test_bad_refs(house: House, alice: Person, project: ProjectAccess, work: Work, ref: str) -> None:
    before = state(house, project)
    tip = work.commit("Second", a__txt="2")
    _status, said = post(alice, project.full_name, push_body([(NOTHING, tip, ref)], pack_of(work, tip)))
    assert b"ng " + ref.encode(errors="surrogateescape") in said
    assert state(house, project) == before


def test_a_branch_beside_its_own_folder(house: House, project: ProjectAccess, work: Work) -> None:
    before = state(house, project)
    said = work.push(project.full_name, "main:main/side", check=False).stderr
    assert "refs/heads/main/side cannot exist beside refs/heads/main" in said
    assert state(house, project) == before


def test_one_ref_twice(house: House, alice: Person, project: ProjectAccess, work: Work) -> None:
    before = state(house, project)
    tip = work.commit("Second", a__txt="2")
    commands = [(NOTHING, tip, "refs/heads/x"), (NOTHING, work.sha("HEAD~1"), "refs/heads/x")]
    _status, said = post(alice, project.full_name, push_body(commands, pack_of(work, *everything(work, tip))))
    assert said.count(b"ng refs/heads/x one push changes a branch or tag once") == 2
    assert state(house, project) == before


@pytest.mark.parametrize(
    "before_it", [0, 3 * PIECE_BYTES - 20], ids=["in a small file", "across pieces of a large one"]
)
def test_a_token_that_works(house: House, project: ProjectAccess, work: Work, before_it: int) -> None:
    text = create_token(house.people["alice"].id, "laptop", ["read"])
    before = state(house, project)
    work.commit("Second", deploy__sh=bytes(before_it) + f"TOKEN={text}".encode())
    work.commit("Third", deploy__sh="TOKEN=")
    said = work.push(project.full_name, "main", check=False).stderr
    assert "“deploy.sh” contains an access token of this server that works" in said
    assert state(house, project) == before
    assert any("One of your access tokens was in a file" in mail for mail in posted_texts())


def test_a_branch_points_to_a_commit(house: House, project: ProjectAccess, work: Work) -> None:
    before = state(house, project)
    tree = work.sha("HEAD^{tree}")
    blob = work.object("blob", b"x")
    commands = [(NOTHING, tree, "refs/heads/tree"), (NOTHING, blob, "refs/heads/blob")]
    _status, said = post(work.person, project.full_name, push_body(commands, pack_of(work, tree, blob)))
    assert b"ng refs/heads/tree branches and notes point to a commit, and this is a tree" in said
    assert b"ng refs/heads/blob" in said
    assert state(house, project) == before


def test_a_file_over_the_limit(house: House, project: ProjectAccess, work: Work) -> None:
    before = state(house, project)
    folder = work.folder / "films"
    folder.mkdir()
    (folder / "too long.mov").write_bytes(bytes(64 * MIB + 1))
    work.commit("With a film")
    said = work.push(project.full_name, "main", check=False).stderr
    assert "remote: error: “films/too long.mov” is 64.1 MiB, over the 64 MiB limit." in said
    assert "git rm --cached" in said
    assert "[remote rejected] main -> main" in said
    assert state(house, project) == before


def test_a_push_over_the_limit(house: House, alice: Person, project: ProjectAccess, work: Work) -> None:
    before = state(house, project)
    work.git("config", "core.compression", "0")
    tip = work.commit("Zeros", a=bytes(60 * MIB), b=b"1" * 60 * MIB)
    body = push_body([(NOTHING, tip, "refs/heads/side")], pack_of(work, *everything(work, tip)))
    _status, said = post(alice, project.full_name, gzip.compress(body, 1), {"Content-Encoding": "gzip"})
    assert b"ng refs/heads/side One push may have 112 MiB at most." in said
    assert state(house, project) == before


@pytest.mark.parametrize("size_bytes", [800_000_000, 1_200_000_000])
def test_a_chain_of_deltas_that_inflates_without_end(
    house: House, alice: Person, project: ProjectAccess, work: Work, size_bytes: int
) -> None:
    before = state(house, project)
    commands = [(NOTHING, work.sha("HEAD"), "refs/heads/side")]
    bomb = delta_bomb(size_bytes)
    assert len(bomb) < 1600
    (worker,) = children(house.server.process.pid)
    with growing_by(100 * MIB, worker), others_are_answered(house):
        _status, said = post(alice, project.full_name, push_body(commands, bomb))
    assert b"ng refs/heads/side" in said
    assert b"\x02error: " in said
    assert state(house, project) == before
    assert b"a file may have 64 MiB" in said
    work.push(project.full_name, "main:side")


@pytest.mark.parametrize("shape", ["wide", "deep"])
def test_a_few_folders_that_are_billions_of_files(
    house: House, alice: Person, project: ProjectAccess, work: Work, shape: str
) -> None:
    before = state(house, project)
    times, levels = (10, 10) if shape == "wide" else (1, 600)
    inner, mode = work.object("blob", b"x"), b"100644"
    for _level in range(levels):
        entries = [b"%s f%02d\0" % (mode, number) + bytes.fromhex(inner) for number in range(times)]
        inner, mode = work.object("tree", b"".join(entries)), b"40000"
    bomb = work.commit_of(inner)
    said = work.push(project.full_name, f"{bomb}:refs/heads/side", check=False).stderr
    assert "remote: error: A version that you push has more than 1,000,000 files and folders" in said
    assert state(house, project) == before


def test_one_file_at_so_many_paths_that_no_disk_has_room(project: ProjectAccess, work: Work) -> None:
    blob = bytes.fromhex(work.object("blob", bytes(10 * MIB)))
    leaf = work.object("tree", b"".join(b"100644 f%02d\0" % number + blob for number in range(30)))
    root = b"".join(b"40000 d%02d\0" % number + bytes.fromhex(leaf) for number in range(30))
    heavy = work.commit_of(work.object("tree", root))
    said = work.push(project.full_name, f"{heavy}:refs/heads/side", check=False).stderr
    assert "files of a version that you push have more than 7 GiB together" in said


def test_names_that_clash_are_refused_all_at_once(
    house: House, alice: Person, project: ProjectAccess, work: Work
) -> None:
    before, tip = state(house, project), work.sha("HEAD")
    commands = [(NOTHING, tip, f"refs/heads/main/{number}") for number in range(3000)]
    commands += [(NOTHING, tip, "refs/tags/a"), (NOTHING, tip, "refs/tags/a/b")]
    _status, said = post(alice, project.full_name, push_body(commands, pack_of(work)))
    assert said.count(b"ng refs/") == len(commands)
    assert b"refs/heads/main/7 cannot exist beside refs/heads/main;" in said
    assert b"refs/tags/a/b cannot exist beside refs/tags/a;" in said
    assert state(house, project) == before


def test_two_million_tiny_objects(house: House, alice: Person, project: ProjectAccess, work: Work) -> None:
    before = state(house, project)
    commands = [(NOTHING, work.sha("HEAD"), "refs/heads/side")]
    (worker,) = children(house.server.process.pid)
    with growing_by(100 * MIB, worker), others_are_answered(house):
        _status, said = post(alice, project.full_name, push_body(commands, tiny_objects(2_000_000)))
    assert b"ng refs/heads/side This push holds 2,000,000 objects; one may hold 1,000,000 at most." in said
    assert state(house, project) == before


@pytest.fixture
def full(house: House, project: ProjectAccess, work: Work) -> Iterator[Work]:
    """Alice's working copy, when her projects hold nearly what they may."""
    with transaction() as session:
        repository = session.get_one(Repository, project.repository_id)
        kept, repository.stored_bytes = repository.stored_bytes, house.settings.quota_bytes - 100
    yield work
    with transaction() as session:
        session.get_one(Repository, project.repository_id).stored_bytes = kept


def test_an_owner_over_the_quota(house: House, project: ProjectAccess, full: Work) -> None:
    before = state(house, project)
    full.commit("Second", a__txt=os.urandom(3 * MIB))
    said = full.push(project.full_name, "main", check=False).stderr
    assert "remote: error: The projects of alice together may hold 5 GiB" in said
    assert state(house, project) == before


@pytest.fixture
def small_files(work: Work) -> Iterator[None]:
    """Alice's plan allows files of 1 MiB and one private project, and she has more."""
    with transaction() as session:
        session.add(PlanLimits(name="student", stored_bytes=None, private_projects=1, file_bytes=MIB))
    administration.give_plan("alice", "student")
    yield
    administration.give_plan("alice", None)
    with transaction() as session:
        session.execute(delete(PlanLimits))


@pytest.mark.usefixtures("small_files")
def test_a_file_over_the_plan(house: House, project: ProjectAccess, work: Work) -> None:
    before = state(house, project)
    work.commit("Second", film__mp4=os.urandom(MIB + 1))
    said = work.push(project.full_name, "main", check=False).stderr
    assert "“film.mp4” is 1.1 MiB; a file may have 1 MiB in projects with the plan student." in said.replace("\n", "")
    assert "have the project's owner ask for another plan" in said
    assert state(house, project) == before


@pytest.mark.usefixtures("small_files", "project")
def test_a_project_that_the_plan_has_no_room_for(house: House, work: Work) -> None:
    said = work.push("alice/one-more", "main", check=False).stderr
    assert "The plan student allows 1 private project, the trash included" in said
    with pytest.raises(ProjectNotFound):
        project_for(house.people["alice"], "alice", "one-more")


def test_a_push_whose_length_is_over_the_quota_is_not_looked_at(
    house: House, alice: Person, project: ProjectAccess, full: Work
) -> None:
    before = state(house, project)
    body = push_body([(NOTHING, full.sha("HEAD"), "refs/heads/side")], b"no pack" * MIB)
    _status, said = post(alice, project.full_name, body)
    assert b"ng refs/heads/side The projects of alice together may hold 5 GiB" in said
    assert state(house, project) == before


def test_what_was_refused_cannot_be_fetched(project: ProjectAccess, work: Work, alice: Person) -> None:
    work.commit("Fine", a__txt="2")
    secret = work.commit_of(tree_of(work, b"a\\.git"))
    assert "hasDotgit" in work.push(project.full_name, f"{secret}:refs/heads/side", check=False).stderr
    empty = alice.work("empty")
    fetched = empty.git("fetch", alice.address(project.full_name), secret, check=False)
    assert fetched.returncode != 0
    assert "not our ref" in fetched.stderr


def test_bodies_may_be_gzip_and_must_be_what_they_say(
    house: House, alice: Person, project: ProjectAccess, work: Work
) -> None:
    tip = work.commit("Second", a__txt="2")
    body = push_body([(NOTHING, tip, "refs/heads/side")], pack_of(work, *everything(work, tip)))
    before = state(house, project)
    status, said = post(alice, project.full_name, body, {"Content-Encoding": "gzip"})
    assert (status, b"not valid gzip" in said) == (400, True)
    assert state(house, project) == before
    _status, said = post(alice, project.full_name, gzip.compress(body), {"Content-Encoding": "gzip"})
    assert b"ok refs/heads/side" in said


@pytest.mark.parametrize(
    "body", [b"", b"zzzz", b"0003", b"0009hello", b"ffff", b"0032push-cert\0push-options", b"00"], ids=ascii
)
def test_what_is_no_push(house: House, alice: Person, project: ProjectAccess, work: Work, body: bytes) -> None:
    before = state(house, project)
    status, said = post(alice, project.full_name, body)
    assert status == 400
    assert said.startswith(b"This is not a request of git's protocol")
    assert state(house, project) == before
    assert work.name


def test_more_refs_than_one_push_may_move(house: House, alice: Person, project: ProjectAccess, work: Work) -> None:
    before, tip = state(house, project), work.sha("HEAD")
    commands = [(NOTHING, tip, f"refs/tags/t{number}") for number in range(MAX_COMMANDS + 1)]
    status, said = post(alice, project.full_name, push_body(commands))
    assert (status, said[:19]) == (413, b"One push may change")
    assert state(house, project) == before
