"""A repository as people make them with git: branches, tags, files that moved, links, a submodule, odd names."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path


@dataclass
class Gallery:
    """A repository on the disk; its clock goes on by a minute with each commit."""

    folder: Path
    clock: Iterator[int] = field(default_factory=lambda: count(1_700_000_000, 60))

    def git(self, *arguments: str, author: str = "Ada Byron", given: bytes = b"") -> str:
        """Run git here, with this standard input; what it printed."""
        moment = f"{next(self.clock)} +0100"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_AUTHOR_NAME": author,
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": author,
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_DATE": moment,
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, input=given, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def write(self, files: dict[str, bytes]) -> None:
        """Put these files into the working tree."""
        for path, content in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(content)

    def commit(self, files: dict[str, bytes], message: str, author: str = "Ada Byron") -> str:
        """Commit these files and whatever else changed; the commit's name."""
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")


STORY = "".join(f"line {number}\n" for number in range(1, 41))


def drawn(folder: Path) -> Gallery:
    """`old.txt` was written, changed and moved to `tales/new.txt` with a change; `feature` went apart."""
    folder.mkdir()
    gallery = Gallery(folder)
    gallery.git("init", "-q", "-b", "main")
    gallery.write({".gitattributes": b"secret.txt export-ignore\n", "secret.txt": b"not for archives\n"})
    (folder / "out").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("../../x")
    (folder / "in").symlink_to("old.txt")
    gallery.commit({"old.txt": STORY.encode(), "docs/a b%.txt": b"odd\n", "keep.txt": b"kept\n"}, "First")
    gallery.commit({"old.txt": STORY.replace("line 3\n", "line three\n").encode()}, "Second", author="Ben Nevis")
    gallery.git("tag", "-a", "v1.0", "-m", "The first release")
    gallery.git("branch", "feature/deep")
    (folder / "tales").mkdir()
    gallery.git("mv", "old.txt", "tales/new.txt")
    gallery.commit(
        {"tales/new.txt": STORY.replace("line 3\n", "line three\n").replace("line 9\n", "nine\n").encode()}, "Move"
    )
    gallery.git("rm", "-q", "keep.txt")
    gallery.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    gallery.git("commit", "-q", "-m", "Without keep\n\nIt is not needed.")
    gallery.git("checkout", "-q", "-f", "feature/deep")
    gallery.commit({"feature.txt": b"new\n", "data.bin": bytes(range(256)) * 8}, "On the branch")
    gallery.git("checkout", "-q", "-f", "main")
    return gallery
