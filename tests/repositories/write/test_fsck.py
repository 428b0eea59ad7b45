"""What we refuse in folders and in the files that Git reads is what `git fsck --strict` refuses."""

import random
import re
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from dulwich.objects import Blob, ObjectID, ShaFile, Tree

from framework.config import Config
from framework.errors import Invalid
from framework.gitcore.pack_writer import PackWriter
from framework.gitcore.path_policy import ATTRIBUTES, MODULES
from framework.repositories.cache.hydration import lay_out
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.maintenance.verification import verify
from framework.repositories.write import tree_editor
from framework.repositories.write.fsck import SpecialFile, check_special_file, check_tree
from framework.repositories.write.operations import Delete, Move
from framework.repositories.write.quarantine import DOWNGRADED
from tests.repositories.conftest import Bench

PIECES = [
    *(b".git", b"git~1", b"GIT~1", b".GiT", b".gitmodules", b".GITMODULES", b"gitmod~1", b"GITMOD~4", b"gitmod~5"),
    *(b"gi7eba~1", b"GI7EB~12", b"gi~12345", b"~1234567", b".gitattributes", b"gitatt~1", b"gi7d29~9", b"gi7d2~10"),
    *(b".gitignore", b".mailmap", b"a", b".", b"..", b" ", b":", b"\\", b":$DATA", b"\xe2\x80\x8c", b"\xef\xbb\xbf"),
    *(b"\xff", b"\xe2\x80", b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\xc3\xa9", b"~1", b"modules", b"\t", b"x" * 60),
]
SPLIT = [b".g\xe2\x80\x8cit", b".gitmo\xe2\x80\x8cdules", b"\xef\xbb\xbf.gitattributes", b".gitm\xe2\x80\xaaodules\xff"]
MODES = [0o100644, 0o100644, 0o100644, 0o100755, 0o120000, 0o040000, 0o160000]
URLS = [
    "https://example.org/a.git",
    "../a.git",
    "-u./x",
    "./-x",
    "ext::sh -c x",
    "https://[::1]/\\n",
    "..:x",
    "../../..:x",
]
PATHS, NAMES, UPDATES = ["a", "-a", "../a", "a b"], ["a", "../a", "a/../b", "-a", "a b"], ["checkout", "!sh", "none"]
_numbers = count(1)


def a_name(dice: random.Random) -> bytes:
    """A name that is, or is nearly, one that Git cares for."""
    return b"".join(dice.choice(PIECES + SPLIT) for _piece in range(dice.choice((1, 1, 2, 2, 3))))


def modules(dice: random.Random) -> bytes:
    lines = [f'[submodule "{dice.choice(NAMES)}"]', f"\tpath = {dice.choice(PATHS)}", f"\turl = {dice.choice(URLS)}"]
    lines += [f"\tupdate = {dice.choice(UPDATES)}"] if dice.random() < 0.4 else []
    return ("\n".join(lines) + ("\n[broken" if dice.random() < 0.1 else "") + f"\n# {next(_numbers)}\n").encode()


def attributes(dice: random.Random) -> bytes:
    length = dice.choice((10, 2046, 2047, 2048, 3000))
    end = dice.choice((b"", b"\n", b"\n\0" + b"y" * 3000, b"\0" + b"y" * 3000))
    return b"* text\n# %d\n" % next(_numbers) + b"x" * length + end


def an_object(dice: random.Random, mode: int) -> ShaFile | None:
    """What an entry of this mode points to, another one each time; None for a submodule."""
    if mode == 0o160000:
        return None
    if mode == 0o040000:
        tree = Tree()
        tree.add(b"%d" % next(_numbers), 0o100644, Blob.from_string(b"").id)
        return tree
    return Blob.from_string(dice.choice((modules, attributes))(dice))


def fsck(folder: Path, objects: list[ShaFile]) -> set[str]:
    """The names of the objects that git refuses."""
    lay_out(folder)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    with PackWriter(folder / "objects" / "pack" / "pack-1.pack") as writer:
        for item in objects:
            writer.add(item)
        writer.finish()
    ignored = [part for message in DOWNGRADED.split(",") for part in ("-c", f"fsck.{message}")]
    done = subprocess.run(
        ["git", "--git-dir", str(folder), *ignored, "fsck", "--strict", "--no-dangling"],
        capture_output=True,
        check=False,
    )
    return set(re.findall(r"^error in \w+ ([0-9a-f]{40})", done.stderr.decode(errors="replace"), re.MULTILINE))


def refused(entries: list[tuple[bytes, int, str]], contents: dict[str, bytes]) -> bool:
    try:
        for special in check_tree("", entries):
            check_special_file(special, contents[special.sha])
    except Invalid:
        return True
    return False


def samples(dice: random.Random) -> Iterator[tuple[list[tuple[bytes, int, str]], list[ShaFile]]]:
    """Folders of one to three entries, and the objects that they need."""
    for _number in range(700):
        entries, objects, tree = [], list[ShaFile](), Tree()
        for name in {a_name(dice) for _entry in range(dice.choice((1, 1, 3)))}:
            mode = dice.choice(MODES)
            found = an_object(dice, mode)
            sha = found.id.decode() if found else f"{dice.getrandbits(160):040x}"
            entries.append((name, mode, sha))
            tree.add(name, mode, ObjectID(sha.encode()))
            objects += [found] if found else []
        yield entries, [*objects, tree]


def test_folders_and_their_files_are_refused_as_git_refuses_them(settings: Config, tmp_path: Path) -> None:
    made = list(samples(random.Random(11)))
    everything = [Blob.from_string(b""), *(item for _entries, objects in made for item in objects)]
    errors = fsck(tmp_path / "all.git", everything)
    contents = {item.id.decode(): item.as_raw_string() for item in everything}
    verdicts = {True: 0, False: 0}
    for entries, objects in made:
        by_git = objects[-1].id.decode() in errors or any(sha in errors for _name, _mode, sha in entries)
        assert refused(entries, contents) == by_git, entries
        verdicts[by_git] += 1
    assert min(verdicts.values()) > 100


@pytest.mark.parametrize(("kind", "make"), [(MODULES, modules), (ATTRIBUTES, attributes)])
def test_the_files_that_git_reads_are_refused_as_git_refuses_them(
    settings: Config, tmp_path: Path, kind: str, make: Callable[[random.Random], bytes]
) -> None:
    dice = random.Random(7)
    blobs = [Blob.from_string(make(dice)) for _number in range(40)]
    trees = []
    for blob in blobs:
        tree = Tree()
        tree.add(kind.encode(), 0o100644, blob.id)
        trees.append(tree)
    errors = fsck(tmp_path / "all.git", [*blobs, *trees])
    assert 10 < len(errors) < 40
    for blob in blobs:
        ours = refused([(kind.encode(), 0o100644, blob.id.decode())], {blob.id.decode(): blob.as_raw_string()})
        assert ours == (blob.id.decode() in errors), blob.as_raw_string()


def test_a_file_that_git_would_not_look_into_is_refused(settings: Config) -> None:
    file = SpecialFile(ATTRIBUTES, "0" * 40, ".gitattributes")
    with pytest.raises(Invalid, match="larger than 1 MiB"):
        check_special_file(file, b"#\n" * (1 << 19) + b"#")


def test_what_git_said_of_large_files_is_not_kept(settings: Config) -> None:
    file = SpecialFile(MODULES, "0" * 40, ".gitmodules")
    body = b"#\n" * (1 << 18)
    check_special_file(file, body)  # so that what the first call needs is there
    tracemalloc.start()
    for number in range(4):
        check_special_file(file, b"# %d\n" % number + body)
    kept, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < len(body)


RUNS = b'[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'
REFUSED = {
    "a folder .gitmodules": (".gitmodules/x", b"1"),
    "a folder .gitattributes": ("deep/.gitattributes/x", b"1"),
    "a long line": (".gitattributes", b"*.x " + b"a" * 3000),
    "an option as an address": ("deep/.gitmodules", RUNS),
    "a short name of NTFS": ("GITMOD~1", RUNS),
    "a name of HFS+": (".gitmo\u200cdules", RUNS),
    "a large file": (".gitattributes", b"# comment\n" * (1 << 17)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nobody_writes_what_a_push_may_not_bring(bench: Bench, what: str) -> None:
    path, content = REFUSED[what]
    bench.write(bench.put("a.txt", b"1"), bench.put("moved", content))
    for operations in ([bench.put(path, content)], [Move("moved", path)]):
        with pytest.raises(Invalid):
            bench.write(*operations)
    assert read_snapshot(bench.repository_id).version == 1
    assert verify(bench.repository_id).faults == ()


def test_what_git_accepts_is_written(bench: Bench) -> None:
    fine = b'[submodule "x"]\n\tpath = x\n\turl = ../x.git\n'
    bench.write(bench.put(".gitmodules", fine), bench.put("deep/.gitattributes", b"* text\n" + b"x" * 2047))
    bench.write(bench.put("other", b"1"))
    assert verify(bench.repository_id).faults == ()


def test_what_an_earlier_release_stored_is_found_and_can_be_deleted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(tree_editor, "check_tree", lambda _folder, _entries: set())
        bench.write(bench.put("a.txt", b"1"), bench.put("deep/.gitmodules/x", b"1"))
    words, advice = verify(bench.repository_id).faults
    assert "gitmodulesBlob" in words
    assert "Git refuses “deep/.gitmodules”, since version" in advice
    assert "git filter-repo" in advice
    with pytest.raises(Invalid, match="has to be a plain file"):
        bench.write(bench.put("deep/b.txt", b"1"))
    bench.write(Delete("deep/.gitmodules"), bench.put("deep/b.txt", b"1"))
