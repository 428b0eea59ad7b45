"""People who work with a deployment: each has an account, a project, a browser, and a folder for clones."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.setting.visitor import Visitor

PASSWORD = "of no value outside of the benchmark"  # noqa: S105
PROJECT = "work"


@dataclass(frozen=True)
class Person:
    """Somebody who works at this address of the application."""

    name: str
    url: str
    folder: Path
    visitor: Visitor = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "visitor", Visitor(self.url))

    @property
    def project(self) -> str:
        """The path of the person's project."""
        return f"/{self.name}/{PROJECT}"

    def sign_up(self) -> None:
        """Make an account and a public project."""
        self.visitor.submit("/signup", username=self.name, email=f"{self.name}@example.org", password=PASSWORD)
        self.visitor.submit("/login", username=self.name, password=PASSWORD)
        self.visitor.submit("/new", name=PROJECT, description="", visibility="public")

    def open(self, path: str) -> None:
        """Read a page, or a download, to its end."""
        with self.visitor.session.get(self.url + path, stream=True) as answer:
            assert answer.status_code == 200, (path, answer.status_code)
            for part in answer.iter_content(1 << 20):
                assert part

    def upload(self, files: Mapping[str, bytes]) -> None:
        """Send these files by the form of the project."""
        page = f"{self.project}/upload/main/"
        self.visitor.upload(page, self.visitor.read_token(page), files)

    def clone(self, name: str) -> Path:
        """Clone the project into a new folder of this name."""
        clone = self.folder / name
        self._git("clone", "-q", self._address, str(clone))
        return clone

    def push(self, clone: Path, path: str, size_bytes: int) -> None:
        """Commit a file of noise, and push it."""
        (clone / path).write_bytes(os.urandom(size_bytes))
        self._git("-C", str(clone), "add", ".")
        self._git("-C", str(clone), "commit", "-qm", "Work")
        self._git("-C", str(clone), "push", "-q", self._address, "HEAD:main")

    @property
    def _address(self) -> str:
        """Where git finds the project, with the password in it."""
        secret = f"{self.name}:{PASSWORD.replace(' ', '%20')}"
        return f"{self.url}{self.project}.git".replace("://", f"://{secret}@")

    def _git(self, *arguments: str) -> None:
        names = ["-c", f"user.name={self.name}", "-c", f"user.email={self.name}@example.org"]
        subprocess.run(["git", *names, *arguments], check=True, cwd=self.folder, stderr=subprocess.DEVNULL)
