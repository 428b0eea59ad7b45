"""A person's git: an empty home, nobody to ask for a password, and ways to make objects that git would not."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.cast import PASSWORD

Finished = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Person:
    """One person's git in a folder of their own."""

    name: str
    folder: Path
    url: str
    password: str = PASSWORD

    def address(self, project: str) -> str:
        """The project's address with name and password in it; nobody has neither."""
        sign_in = f"{self.name}:{quote(self.password)}@" if self.name else ""
        return self.url.replace("://", f"://{sign_in}") + f"/{project}.git"

    def git(
        self, *arguments: str, check: bool = True, given: bytes = b"", more: Mapping[str, str] | None = None
    ) -> Finished:
        """Run git here."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": self.name or "nobody",
            "GIT_AUTHOR_EMAIL": "someone@example.org",
            "GIT_COMMITTER_NAME": self.name or "nobody",
            "GIT_COMMITTER_EMAIL": "someone@example.org",
            **(more or {}),
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=False, capture_output=True, input=given
        )
        text = Finished(done.args, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))
        assert not check or done.returncode == 0, text.stderr
        return text

    def work(self, name: str = "work") -> "Work":
        """A new repository with a branch `main` and nothing on it."""
        self.git("init", "-q", "-b", "main", name)
        return Work(self, name)

    def clone(self, project: str, name: str) -> "Work":
        """A clone of the project."""
        self.git("clone", "-q", self.address(project), name)
        return Work(self, name)


@dataclass(frozen=True)
class Work:
    """A working copy that its person commits in and pushes from."""

    person: Person
    name: str

    @property
    def folder(self) -> Path:
        return self.person.folder / self.name

    def git(
        self, *arguments: str, check: bool = True, given: bytes = b"", more: Mapping[str, str] | None = None
    ) -> Finished:
        """Run git in the working copy."""
        return self.person.git("-C", self.name, *arguments, check=check, given=given, more=more)

    def commit(self, message: str, **files: bytes | str) -> str:
        """Commit files, whose names write a dot as two underscores; the commit's name."""
        for name, content in files.items():
            path = self.folder / name.replace("__", ".")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.sha("HEAD")

    def sha(self, name: str) -> str:
        """The object that a name stands for."""
        return self.git("rev-parse", name).stdout.strip()

    def push(self, project: str, *arguments: str, check: bool = True) -> Finished:
        """Push to the project: options first, then refs."""
        options = [argument for argument in arguments if argument.startswith("--")]
        refs = [argument for argument in arguments if not argument.startswith("--")]
        return self.git("push", *options, self.person.address(project), *refs, check=check)

    def object(self, kind: str, content: bytes) -> str:
        """An object with exactly these bytes, whatever git thinks of them; its name."""
        made = self.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", given=content)
        return made.stdout.strip()

    def commit_of(self, tree: str, *parents: str) -> str:
        """A commit of this tree; its name."""
        options = [option for parent in parents for option in ("-p", parent)]
        return self.git("commit-tree", tree, "-m", "Made by hand", *options).stdout.strip()
