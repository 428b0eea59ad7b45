"""The commands of docs/api.md do what the page says, against a running server."""

import os
import re
import subprocess

from framework.accounts.core.account import Account
from tests.cast import PASSWORD
from tests.servers.application.gunicorn import LiveServer
from tests.servers.programs import program
from tests.servers.run import ROOT

PAGE = ROOT / "docs" / "api.md"


def test_the_commands_of_the_page_work(served: LiveServer, alice: Account) -> None:
    program("curl")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    script = "set -euo pipefail\nshopt -s expand_aliases\n" + "\necho\n".join(blocks)
    environment = {"PATH": os.environ["PATH"], "HOLDFAST": served.url, "PASSWORD": PASSWORD}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for told in (
        '"email":"alice@example.org"',
        '"full_name":"alice/field-notes"',
        '"description":"What I saw, and heard"',
        '"branch":"main","changed":true',
        '"ref":"refs/heads/main"',
        '"path":"dot.bin"',
        "# Field notes\n",
        '"message":"The first walk\\n\\nalong the river"',
        '"status":"R","path":"dot.bin","old_path":"data/dot.bin"',
        '"state":"hot"',
        '"kind":"archive","state":"waiting"',
        '"status": 404',
    ):
        assert told in done.stdout, told
