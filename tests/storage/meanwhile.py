"""What happens while an object is on its way to the store."""

from collections.abc import Callable
from pathlib import Path

import pytest

from framework.storage.current import store


def before_the_next_put(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen before the next object is stored, once."""
    put, waiting = store()._put, [act]

    def put_later(key: str, source: bytes | Path, sha256: str) -> None:
        if waiting:
            waiting.pop()()
        put(key, source, sha256)

    monkeypatch.setattr(store(), "_put", put_later)
