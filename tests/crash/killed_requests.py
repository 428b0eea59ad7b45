"""`python -m tests.crash.killed_requests --step N`: kills a process that answers a keyed commit, at every N-th point.

Points are counted from the claim of the key on; the request is then repeated. Every case runs in processes forked from
this one, as in `run.py`. Prints one JSON object: how many points were tried, the cases in which the first process
had committed before it died, and the violations that were found.
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import update

from framework import config, rooms
from framework.accounts.signin.tokens import create_token
from framework.api.models import IdempotencyKey
from framework.application import create_app
from framework.database import schema
from framework.database.session import transaction
from framework.database.types import now
from framework.projects.lifecycle.operations import create_project
from tests.cast import new_account
from tests.crash import case
from tests.crash.children import Child, copy_of, new_folder, rehearse, try_each
from tests.crash.fuse import Fuse

ADDRESS = "/api/v1/projects/alice/notes/commits"
TITLE = "Once"
CLAIM = "before INSERT INTO idempotency_keys"


def prepare(data: Path) -> str:
    """A deployment with Alice, her project and one version of it; her token."""
    data.mkdir()
    config.use(case.settings(data))
    rooms.load_models()
    schema.upgrade()
    alice = new_account("alice")
    create_project(alice, name="notes", description="", visibility="private")
    token = create_token(alice.id, "program", ["write"])
    assert send(token, "start", "first").status_code == 201
    return token


def send(token: str, title: str, key: str) -> Any:
    """The request: a small file and a large one, and the start's small one goes, which no second time can do."""
    contents = {"small": title, "large": title * case.LARGE_BLOB_BYTES}
    operations = [{"op": "put", "path": f"{title}/{name}", "content": text} for name, text in contents.items()]
    if title == TITLE:
        operations.append({"op": "delete", "path": "start/small"})
    return _client().post(
        ADDRESS,
        json={"branch": "main", "message": title, "operations": operations},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
    )


def first(data: Path, token: str, burns_at: int) -> Callable[[], Any]:
    """The process that is killed at a point (0: never): its answer, and the points that it passed."""

    def work() -> Any:
        config.use(case.settings(data))
        fuse = Fuse(burns_at)
        fuse.lay()
        return {"status": send(token, TITLE, "key").status_code, "points": fuse.points}

    return work


def second(data: Path, token: str) -> Callable[[], Any]:
    """Another process, after the dead one's lease: how often the commit was there before, and what does not hold."""

    def work() -> Any:
        config.use(case.settings(data))
        before = _titles(token).count(TITLE)
        with transaction() as session:
            session.execute(update(IdempotencyKey).values(running_until=now() - timedelta(seconds=1)))
        answers = [send(token, TITLE, "key") for _ in range(2)]
        found = [f"{answer.status_code}: {answer.text}" for answer in answers if answer.status_code != 201]
        if answers[0].data != answers[1].data:
            found.append("the answers differ")
        if (times := _titles(token).count(TITLE)) != 1:
            found.append(f"the commit is there {times} times")
        return {"before": before, "found": found}

    return work


def main() -> int:
    """Run all cases; 1 when something was violated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--step", type=int, default=1)
    options = parser.parse_args()
    rehearse(_undisturbed)
    with new_folder() as folder:
        template = folder / "template"
        token: str = Child(lambda: prepare(template)).answer()
        with copy_of(template) as data:
            names = Child(first(data, token, 0)).answer()["points"]
        points = range(1 + names.index(CLAIM), len(names) + 1, options.step)
        told = try_each(points, lambda point: [_kill_at(template, token, point)])
    violations = [f"point {one['point']}: {problem}" for one in told for problem in one["found"]]
    committed = sum(one["before"] for one in told)
    print(json.dumps({"points": len(points), "committed": committed, "violations": violations}))  # noqa: T201
    assert 1 <= committed < len(points) - 2, "some die before the commit point, some after it"
    return int(bool(violations))


def _undisturbed(folder: Path) -> None:
    """A request that nobody kills, and its repetition."""
    data = folder / "data"
    told = second(data, prepare(data))()
    assert not told["found"], told


def _kill_at(template: Path, token: str, point: int) -> dict[str, Any]:
    with copy_of(template) as data:
        Child(first(data, token, point)).answer()
        return {"point": point, **Child(second(data, token)).answer()}


def _titles(token: str) -> list[str]:
    answer = _client().get(ADDRESS, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return [commit["message"] for commit in json.loads(answer.data)]


@cache
def _client() -> Any:
    """The application of the rehearsal, which every child inherits; each has a database of its own."""
    return create_app(config.current()).test_client()


if __name__ == "__main__":
    sys.exit(main())
