"""Reading the objects of a repository in scratch: by lists of names, or one after the other as somebody asks."""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from framework.gitcore import git
from framework.repositories import object_keys
from framework.repositories.write.inventory import ObjectsMissing

DEADLINE_SECONDS = 3600
PIECE_BYTES = 1 << 20
ASKED_AT_ONCE = 500  # so little that neither pipe fills while nobody reads it


class ReceivedObjects:
    """The objects of the repository at `path`; lists of names go into files of the folder."""

    def __init__(self, folder: Path, path: Path) -> None:
        self._folder = folder
        self.path = path

    def contents(self, names: Path) -> Iterator[bytes]:
        """The contents of the objects whose names this file holds, one after the other."""
        return (content for _name, content in self.read_contents(names))

    def read_contents(self, names: Path) -> Iterator[tuple[str, bytes]]:
        """The same, each with its name."""
        with names.open("rb") as given:
            for name, size, printed in self._read_each(given):
                yield name, printed.read(size)

    def read_pieces(self, names: Iterable[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The objects of these names, each with its content in pieces; they are read before the next object is."""
        with self._spool_names("".join(f"{name}\n" for name in names).encode()) as given:
            for name, size, printed in self._read_each(given):
                yield name, _pieces(printed, size)

    def heads(self, names: Sequence[str], limit_bytes: int) -> Iterator[tuple[str, bytes]]:
        """The first bytes of each of these objects, with its name; of one beyond the limit, as many zeros."""
        printed = (
            git.run(
                self.path,
                "cat-file",
                "--batch-check=%(objectsize)",
                given="".join(f"{name}\n" for name in names).encode(),
            ).decode()
            if names
            else ""
        )
        sizes = dict(zip(names, printed.splitlines(), strict=True))
        with self.reader() as read:
            for name, size in sizes.items():
                is_small = not size.isdigit() or int(size) < limit_bytes  # what is missing is told by the reader
                yield name, read(name) if is_small else bytes(limit_bytes)

    @contextmanager
    def reader(self) -> Iterator[Callable[[str], bytes]]:
        """Reads one object after the other by their names.

        Raises:
            ObjectsMissing: by the reader, when there is no such object.
        """
        with git.start(
            self.path, "cat-file", "--batch", stdin=subprocess.PIPE, deadline_seconds=DEADLINE_SECONDS
        ) as process:
            assert process.stdin
            assert process.stdout
            given, printed = process.stdin, process.stdout

            def read(name: str) -> bytes:
                given.write(f"{name}\n".encode())
                given.flush()
                header = printed.readline().split()
                if len(header) < 3:
                    raise ObjectsMissing
                return printed.read(int(header[2]) + 1)[:-1]

            yield read
            given.close()

    @contextmanager
    def sizes(self) -> Iterator[Callable[[Sequence[str]], Iterator[int]]]:
        """Tells the sizes in bytes of objects by their names; 0 for one that is not there."""
        arguments = ("cat-file", "--batch-check=%(objectsize)")
        with git.start(self.path, *arguments, stdin=subprocess.PIPE, deadline_seconds=DEADLINE_SECONDS) as process:
            assert process.stdin
            assert process.stdout
            given, printed = process.stdin, process.stdout

            def tell(names: Sequence[str]) -> Iterator[int]:
                for start in range(0, len(names), ASKED_AT_ONCE):
                    some = names[start : start + ASKED_AT_ONCE]
                    given.write("".join(f"{name}\n" for name in some).encode())
                    given.flush()
                    for line in (printed.readline() for _name in some):
                        yield int(line) if line.strip().isdigit() else 0

            yield tell
            given.close()

    def trees_of(self, names: Iterable[str]) -> set[str]:
        """The trees of the commits or tags of these names; what has none is left out."""
        given = "".join(f"{name}^{{tree}}\n" for name in names).encode()
        printed = git.run(self.path, "cat-file", "--batch-check=%(objectname)", given=given).decode()
        return {line for line in printed.splitlines() if not line.endswith(" missing")}

    def kinds(self, names: Sequence[str]) -> list[str]:
        """The kind of each of these objects; `missing` for one that is not there."""
        given = "".join(f"{name}\n" for name in names).encode()
        printed = git.run(self.path, "cat-file", "--batch-check=%(objecttype)", given=given).decode()
        return [line.split()[-1] for line in printed.splitlines()]

    def _read_each(self, names: IO[bytes]) -> Iterator[tuple[str, int, IO[bytes]]]:
        """Name and size of each object, and where exactly its content is to be read from."""
        with self._start("cat-file", "--batch", "--buffer", stdin=names) as process:
            assert process.stdout
            while header := process.stdout.readline():
                name, _kind, size = header.split()
                yield name.decode(), int(size), process.stdout
                process.stdout.read(1)

    def _spool_names(self, data: bytes) -> IO[bytes]:
        path = self._folder / f"given-{object_keys.new_id()}"
        path.write_bytes(data)
        return path.open("rb")

    def _start(self, *arguments: str, stdin: IO[bytes]) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        return git.start(self.path, *arguments, stdin=stdin, deadline_seconds=DEADLINE_SECONDS)


def _pieces(printed: IO[bytes], size: int) -> Iterator[bytes]:
    for start in range(0, size, PIECE_BYTES):
        yield printed.read(min(PIECE_BYTES, size - start))
