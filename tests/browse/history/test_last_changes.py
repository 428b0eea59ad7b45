"""The last change of each entry of a folder is the one that `git log -1 -- PATH` names, whatever was merged how."""

from collections.abc import Callable, Iterator

import pytest

from framework.browse.history import last_changes
from framework.repositories.cache.copy import Copy, open_copy
from framework.repositories.history.folders import find
from tests.browse.gallery import Gallery


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
