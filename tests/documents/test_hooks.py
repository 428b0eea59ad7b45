"""The hooks before a commit are the commands of `make check`, in its order."""

import re

import yaml

from tests.servers.run import ROOT


def test_the_hooks_are_those_of_make_check() -> None:
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook["entry"].removeprefix(".venv/bin/") for hook in local["hooks"]]
    assert hooks == [line.strip() for line in recipe[1].splitlines()]
