"""Projects to look at: one with two versions of a file and a bit of everything, one made with git."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.setting.importing import import_repository
from framework.accounts.core.account import Account
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from tests.browse.gallery import Gallery, drawn
from tests.cast import SignIn, Visitor
from tests.uploads.form import upload

PHOTO = b"\x89PNG\r\n\x1a\n" + os.urandom(2 << 20)


@pytest.fixture
def reader(signed_in: Callable[[Account], Visitor], alice: Account, website: ProjectAccess) -> Visitor:
    """Alice's browser; her website has two versions."""
    visitor = signed_in(alice)
    page = "/alice/website/upload/main"
    contents = {
        "notes.txt": b"first\n",
        "docs/guide/intro.md": b"# Intro\n",
        "photo.png": PHOTO,
        "page.html": b"<script>alert(1)</script>",
        "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "empty": b"",
        "odd name & 100%.txt": b"odd",
    }
    upload(visitor, contents, page=page, message="First version")
    upload(visitor, {"notes.txt": b"second\n", "docs/new.txt": b"n"}, page=page, message="Second version")
    return visitor


@dataclass(frozen=True)
class Onlooker:
    """Somebody who looks at a project that was made with git, and what it was made of."""

    visitor: Visitor
    gallery: Gallery
    project: ProjectAccess

    def get(self, place: str = "", **headers: str) -> str:
        """The text of a page below the project's, which is there."""
        answer = self.visitor.get(self.project.path + place, **headers)
        assert answer.status_code == 200, (place, answer.status_code, answer.text[-2000:])
        return answer.text

    def show(self) -> None:
        """Let the project have what the gallery has."""
        import_repository(self.project.repository_id, self.gallery.folder)


@pytest.fixture
def onlooker(signed_in: SignIn, alice: Account, website: ProjectAccess, tmp_path: Path) -> Onlooker:
    """Alice, who looks at her website, which she made with git."""
    made = Onlooker(signed_in(alice), drawn(tmp_path / "gallery"), website)
    made.show()
    return made


@pytest.fixture
def shown(
    signed_in: SignIn, alice: Account, website: ProjectAccess, tmp_path: Path
) -> Callable[[dict[str, bytes]], Onlooker]:
    """Makes the website of these files, and gives who looks at it."""

    def show(files: dict[str, bytes]) -> Onlooker:
        (tmp_path / "gallery").mkdir()
        gallery = Gallery(tmp_path / "gallery")
        gallery.git("init", "-q", "-b", "main")
        gallery.commit(files, "Everything")
        made = Onlooker(signed_in(alice), gallery, website)
        made.show()
        return made

    return show


@pytest.fixture
def sleepy_git(with_settings: Callable[..., object], settings: Config, tmp_path: Path) -> Callable[[str], None]:
    """Makes one of git's commands take a minute, so that whatever waits for it meets its deadline."""

    def make(command: str) -> None:
        (tmp_path / "sleepy").mkdir()
        program = tmp_path / "sleepy" / "git"
        program.write_text(
            f'#!/bin/sh\ncase " $* " in *" {command} "*) exec sleep 60 ;; esac\nexec {shutil.which("git")} "$@"\n'
        )
        program.chmod(0o755)
        with_settings(git_path=f"{program.parent}:{settings.git_path}")

    return make
