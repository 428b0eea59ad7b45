"""Reading the objects of a repository in scratch: by lists of names, or one after the other as somebody asks.

Those of a small push are in memory; git is asked for others, and started when the first of them is wanted.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from framework.gitcore import git
from framework.repositories import object_keys
from framework.repositories.write.inventory import ObjectsMissing
from framework.repositories.write.received.held_objects import NOTHING_HELD

DEADLINE_SECONDS = 3600
PIECE_BYTES = 1 << 20
ASKED_AT_ONCE = 500  # so little that neither pipe fills while nobody reads it


class ReceivedObjects:
    """The objects of the repository at `path`; lists of names go into files of the folder."""

    def __init__(self, folder: Path, path: Path) -> None:
        self._folder = folder
        self.path = path
        self.held = NOTHING_HELD

    def contents(self, names: Path) -> Iterator[bytes]:
        """The contents of the objects whose names this file holds, one after the other."""
        return (content for _name, content in self.read_contents(names))

    def read_contents(self, names: Path) -> Iterator[tuple[str, bytes]]:
        """The same, each with its name."""
        if not names.stat().st_size:
            return
        with names.open("rb") as given:
            for name, size, printed in self._read_each(given):
                yield name, printed.read(size)

    def read_pieces(self, names: Iterable[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The objects of these names, each with its content in pieces; they are read before the next object is."""
        listed = "".join(f"{name}\n" for name in names).encode()
        if not listed:
            return
        with self._spool_names(listed) as given:
            for name, size, printed in self._read_each(given):
                yield name, _pieces(printed, size)

    def heads(self, names: Sequence[str], limit_bytes: int) -> Iterator[tuple[str, bytes]]:
        """The first bytes of each of these objects, with its name; of one beyond the limit, as many zeros."""
        with self.reader() as read, self.sizes() as sizes:
            for name in names:
                yield name, read(name) if sum(sizes([name])) < limit_bytes else bytes(limit_bytes)

    @contextmanager
    def reader(self) -> Iterator[Callable[[str], bytes]]:
        """Reads one object after the other by their names.

        Raises:
            ObjectsMissing: by the reader, when there is no such object.
        """
        with self._start_when_asked("cat-file", "--batch") as ask:

            def read(name: str) -> bytes:
                if (content := self.held.content(name)) is not None:
                    return content
                given, printed = ask()
                given.write(f"{name}\n".encode())
                given.flush()
                header = printed.readline().split()
                if len(header) < 3:
                    raise ObjectsMissing
                return printed.read(int(header[2]) + 1)[:-1]

            yield read

    @contextmanager
    def sizes(self) -> Iterator[Callable[[Sequence[str]], Iterator[int]]]:
        """Tells the sizes in bytes of objects by their names; 0 for one that is not there."""
        with self._start_when_asked("cat-file", "--batch-check=%(objectsize)") as ask:

            def tell(names: Sequence[str]) -> Iterator[int]:
                others = list[str]()
                for name in names:
                    if (content := self.held.content(name)) is None:
                        others.append(name)
                    else:
                        yield len(content)
                for start in range(0, len(others), ASKED_AT_ONCE):
                    some = others[start : start + ASKED_AT_ONCE]
                    given, printed = ask()
                    given.write("".join(f"{name}\n" for name in some).encode())
                    given.flush()
                    for line in (printed.readline() for _name in some):
                        yield int(line) if line.strip().isdigit() else 0

            yield tell

    def trees_of(self, names: Iterable[str]) -> set[str]:
        """The trees of the commits or tags of these names; what has none is left out."""
        found = {name: self.held.tree_of(name) for name in names}
        trees = {tree for tree in found.values() if tree}
        given = "".join(f"{name}^{{tree}}\n" for name, tree in found.items() if not tree).encode()
        if not given:
            return trees
        printed = git.run(self.path, "cat-file", "--batch-check=%(objectname)", given=given).decode()
        return trees | {line for line in printed.splitlines() if not line.endswith(" missing")}

    def kinds(self, names: Sequence[str]) -> list[str]:
        """The kind of each of these objects; `missing` for one that is not there."""
        found = {name: self.held.kind(name) for name in names}
        others = [name for name, kind in found.items() if not kind]
        if others:
            given = "".join(f"{name}\n" for name in others).encode()
            printed = git.run(self.path, "cat-file", "--batch-check=%(objecttype)", given=given).decode()
            found |= dict(zip(others, (line.split()[-1] for line in printed.splitlines()), strict=True))
        return [found[name] or "missing" for name in names]

    def peeled_kinds(self, names: Sequence[str]) -> list[str]:
        """The kind of what each of these objects, or chain of tags, leads to; `missing` where nothing is there."""
        peeled = [self.held.peel(name) or f"{name}^{{}}" for name in names]
        return self.kinds(peeled)

    @contextmanager
    def _start_when_asked(self, *arguments: str) -> Iterator[Callable[[], tuple[IO[bytes], IO[bytes]]]]:
        """A git that is asked by its input and answers by its output, started when it is first called for."""
        with ExitStack() as started:

            @cache
            def ask() -> tuple[IO[bytes], IO[bytes]]:
                process = started.enter_context(self._start(*arguments, stdin=subprocess.PIPE))
                assert process.stdin
                assert process.stdout
                started.callback(process.stdin.close)
                return process.stdin, process.stdout

            yield ask

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

    def _start(self, *arguments: str, stdin: int | IO[bytes]) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        return git.start(self.path, *arguments, stdin=stdin, deadline_seconds=DEADLINE_SECONDS)


def _pieces(printed: IO[bytes], size: int) -> Iterator[bytes]:
    for start in range(0, size, PIECE_BYTES):
        yield printed.read(min(PIECE_BYTES, size - start))
