"""The script of docs/webhooks.md grades what is pushed, against a running server."""

import os
import re
import socket
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.projects.core.access import ProjectAccess, project_for
from framework.statuses.reading import read_shown
from framework.webhooks.operations import WebhookText, create_webhook
from framework.webhooks.places import Place
from tests.servers.application.gunicorn import LiveServer
from tests.servers.processes import free_port
from tests.servers.run import ROOT, Run
from tests.uploads.conftest import store_files
from tests.webhooks.conftest import deliver_due

SECRET = "a secret that is long enough"


def state_of(alice: Account, sha: str) -> str:
    """What the script says about the commit, once it has."""
    while True:
        found = read_shown(project_for(alice, "alice", "secret"), [sha])
        if sha in found:
            return found[sha].state
        sleep(0.1)


def is_listening(port: int) -> bool:
    """Whether something takes connections at this port."""
    with closing(socket.socket()) as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.long
def test_the_script_of_the_page_grades_each_version(
    run: Run, served: LiveServer, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    config.use(replace(config.current(), base_url=served.url, webhooks_to_private_networks=True))
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.DOTALL)
    script, tests, port = tmp_path / "grade.py", tmp_path / "tests.sh", free_port()
    script.write_text(code)
    tests.write_text('! env | grep -q HOLDFAST && test ! -e .git && test "$(cat answer.txt)" = 42\n')
    variables = {"WEBHOOK_SECRET": SECRET, "HOLDFAST_TOKEN": create_token(alice.id, "grading", ["write"])}
    variables |= {"TESTS": str(tests), "PORT": str(port), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    grading = run.start("grading", [sys.executable, str(script)], variables)
    try:
        grading.wait_until(lambda: is_listening(port))
        create_webhook(alice, Place(secret), WebhookText(f"http://127.0.0.1:{port}/", ["push"], SECRET))
        for answer, state in ((b"41", "failure"), (b"42", "success")):
            sha = store_files(secret, alice, {"answer.txt": answer})
            assert set(deliver_due()) == {"delivered"}
            assert state_of(alice, sha) == state
    finally:
        grading.stop()
