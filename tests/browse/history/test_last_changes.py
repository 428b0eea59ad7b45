"""The last change of each entry of a folder is the one that `git log -1 -- PATH` names, whatever was merged how."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.setting.importing import import_repository
from framework.browse.history import last_changes
from framework.config import Config
from framework.database.session import transaction
from framework.repositories.cache.copy import Copy, open_copy
from framework.repositories.history.folders import find
from framework.repositories.write.creation import create_repository
from tests.browse.gallery import Gallery

FILES = ("a", "b", "c", "folder/d", "folder/e", "folder/deep/f")
STRATEGIES = (("-X", "ours"), ("-X", "theirs"), ("-s", "ours"))


def wild(gallery: Gallery, dice: random.Random) -> None:
    """Branches that change, copy from each other, take back, and are merged in every way."""
    gallery.git("init", "-q", "-b", "main")
    gallery.commit(dict.fromkeys(FILES, b"0\n"), "Base")
    for number in range(24):
        branches = gallery.git("for-each-ref", "--format=%(refname:short)").split()
        gallery.git("checkout", "-q", "-f", dice.choice(branches))
        if dice.random() < 0.4:
            gallery.git("checkout", "-q", "-b", f"b{number}")
        gallery.commit({dice.choice(FILES): b"%d\n" % dice.randrange(4)}, f"Change {number}")
        if dice.random() < 0.5:
            merged = ["merge", "-q", "--no-ff", *dice.choice(STRATEGIES), "-m", f"Merge {number}"]
            gallery.git(*merged, *dice.sample(branches, 1))


@pytest.fixture
def histories(settings: Config, tmp_path: Path) -> Callable[[int], tuple[Gallery, str]]:
    """Makes a wild history; the repository that was imported from it."""

    def make(seed: int) -> tuple[Gallery, str]:
        (tmp_path / str(seed)).mkdir()
        gallery = Gallery(tmp_path / str(seed))
        wild(gallery, random.Random(seed))
        with transaction() as session:
            repository_id = create_repository(session, {})
        import_repository(repository_id, gallery.folder)
        return gallery, repository_id

    return make


def told(copy: Copy, tip: str, folder: str) -> Iterator[tuple[str, str]]:
    entry = find(copy, tip, folder)
    names = frozenset(item.path.decode() for item in copy.tree(entry.sha).iteritems())
    for name, change in last_changes.last_changes(copy, tip, entry, names, whole=True).found.items():
        yield f"{folder}/{name}".strip("/"), change.sha


@pytest.mark.parametrize("steps", [0, 2, 24])
def test_it_is_what_git_log_says_of_each_path(
    histories: Callable[[int], tuple[Gallery, str]], monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(last_changes, "STEPS_WITHOUT_GIT", steps)
    gallery, repository_id = histories(steps)
    compared = 0
    with open_copy(repository_id) as copy:
        for tip in copy.snapshot.branches.values():
            for folder in ("", "folder", "folder/deep"):
                for path, sha in told(copy, tip, folder):
                    assert sha == gallery.git("log", "-1", "--format=%H", tip, "--", path), (path, tip)
                    compared += 1
    assert compared >= 40
