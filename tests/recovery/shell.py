"""An operator's shell: one bash for a whole drill, so that what was exported stays."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from uuid import uuid4

from tests.servers.run import ROOT


class Shell:
    """A bash in the project's folder with these variables and no others; commands run one after the other."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["/bin/bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=dict(variables),
        )
        self._typed = folder / "typed"
        self.run("trap 'failed=$?' ERR")

    def run(self, typed: str) -> tuple[str, int]:
        """What these commands print, errors too, and the status of the last one that failed, else 0."""
        assert self._bash.stdin
        assert self._bash.stdout
        end = uuid4().hex
        self._typed.write_text(typed)  # what it runs may read standard input, and must not find the next commands there
        self._bash.stdin.write(f"failed=0; . {self._typed} </dev/null; printf '%s %d\\n' {end} $failed\n")
        self._bash.stdin.flush()
        printed = ""
        while not (line := self._bash.stdout.readline()).startswith(end):
            assert line, f"the shell ended: {printed}"
            printed += line
        return printed, int(line.split()[1])

    def export(self, **variables: str) -> None:
        """Have the commands that follow see these variables."""
        for name, value in variables.items():
            self.run(f"export {name}={quote(value)}")

    def variables(self) -> dict[str, str]:
        """What is exported now."""
        exported = self.run("env -0 | tr '\\n\\0' ' \\n'")[0]
        return dict(line.split("=", 1) for line in exported.splitlines() if "=" in line)

    def close(self) -> None:
        """End it."""
        assert self._bash.stdin
        self._bash.stdin.close()
        self._bash.wait(timeout=30)
        assert self._bash.stdout
        self._bash.stdout.close()
