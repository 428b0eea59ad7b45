"""What a push asks of the database, counted in the process that answers it."""

import subprocess
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from framework.accounts.signin.tokens import create_token
from framework.gitcore.pkt_line import FLUSH, pkt
from framework.projects.core.access import project_for
from framework.repositories.catalog.snapshot import read_snapshot
from tests.cast import new_account
from tests.statements import noted_statements

NOTHING = "0" * 40
AUTHOR = "A <a@example.org> 1600000000 +0000"
MOST_TO_CREATE, MOST_TO_CHANGE = 51, 38
"""Statements of a push with its list of refs, in which nothing is asked twice without a reason."""

Push = Callable[[Sequence[str], str], list[str]]


@pytest.fixture
def push(client: FlaskClient, tmp_path: Path) -> Push:
    """Commits to `main` of one repository and pushes it with these branches beside; the statements that it took."""
    account = new_account("dora")
    token = create_token(account.id, "git", ["write"])
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "work"], check=True)
    headers = {"Authorization": "Basic " + b64encode(f"x:{token}".encode()).decode()}

    def git(*arguments: str, given: bytes = b"") -> bytes:
        return subprocess.run(
            ["git", *arguments], cwd=tmp_path / "work", input=given, check=True, capture_output=True
        ).stdout

    def send(branches: Sequence[str], content: str) -> list[str]:
        old = git("for-each-ref", "--format=%(objectname)", "refs/heads/main").decode().strip()
        parent = f"from {old}\n" if old else ""
        commit = f"commit refs/heads/main\ncommitter {AUTHOR}\ndata 1\nx\n{parent}"
        file = f"M 100644 inline a.txt\ndata {len(content)}\n{content}\n"
        git("fast-import", "--quiet", given=(commit + file).encode())
        new = git("rev-parse", "main").decode().strip()
        revisions = f"{new}\n{f'^{old}' if old else ''}\n".encode()
        pack = git("pack-objects", "--quiet", "--revs", "--stdout", given=revisions)
        lines = [f"{old or NOTHING} {new} refs/heads/main\0report-status".encode()]
        lines += [f"{NOTHING} {new} refs/heads/{name}".encode() for name in branches]
        body = b"".join(map(pkt, lines)) + FLUSH + pack
        address = f"/{account.name}/made-by-a-push.git"
        with noted_statements() as statements:
            assert client.get(f"{address}/info/refs?service=git-receive-pack", headers=headers).status_code == 200
            told = client.post(f"{address}/git-receive-pack", headers=headers, data=body).data
        assert told.count(b"ok refs/heads/") == 1 + len(branches), told
        assert (
            read_snapshot(project_for(account, account.name, "made-by-a-push").repository_id).find_branch("main") == new
        )
        return [one for one in statements if not one.startswith("BEGIN")]

    return send


def test_a_push_takes_few_statements(push: Push) -> None:
    creating, changing = push([], "1"), push([], "2")
    assert len(creating) <= MOST_TO_CREATE, creating
    assert len(changing) <= MOST_TO_CHANGE, changing


def test_a_thousand_branches_take_few_statements(push: Push) -> None:
    many = push([f"branch-{number}" for number in range(1000)], "1")
    assert 0 < len([one for one in many if " refs" in one]) < 6
