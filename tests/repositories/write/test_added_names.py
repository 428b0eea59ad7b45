"""Of a push that adds very many files only some names are looked at, and these are not lost."""

from pathlib import Path

import pytest

from framework.gitcore import git
from framework.repositories.write import quarantine
from framework.repositories.write.quarantine import Quarantine
from tests.repositories.conftest import Bench

COUNT = 2_000
PERSON = "Ann <ann@example.org> 1 +0000"


def make_pack(folder: Path) -> tuple[str, bytes]:
    """A commit that adds more names than a pipe holds, and a pack of it."""

    def run(*arguments: str, given: str = "") -> str:
        return git.run(folder, *arguments, given=given.encode()).decode().strip()

    run("init", "--bare", "-q", ".")
    blob = run("hash-object", "-w", "--stdin")
    tree = run("mktree", given="".join(f"100644 blob {blob}\t{number:0100}\n" for number in range(COUNT)))
    raw = f"tree {tree}\nauthor {PERSON}\ncommitter {PERSON}\n\nMany\n"
    tip = run("hash-object", "-t", "commit", "-w", "--stdin", given=raw)
    return tip, git.run(folder, "pack-objects", "--revs", "--stdout", "-q", given=f"{tip}\n".encode())


@pytest.mark.parametrize("most", [10, 2 * COUNT])
def test_what_was_read_of_very_many_names_counts(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(quarantine, "MOST_ADDED_PATHS", most)
    tip, pack = make_pack(tmp_path)
    received = Quarantine(bench.folder, bench.repository_id)
    received.take([pack], 1 << 20, 1 << 30)
    assert len(received.added_names([tip], 1)) == min(most, COUNT)
