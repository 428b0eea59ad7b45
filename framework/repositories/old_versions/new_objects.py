"""The objects of a new history, in packs of bounded size, in which those that are like each other are deltas."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from framework.gitcore.pack_objects import pack_objects
from framework.gitcore.pack_writer import PackWriter
from framework.gitcore.packs import WrittenPack, measure_pack
from framework.repositories import object_keys
from framework.repositories.cache.hydration import lay_out, pack_file

MOST_OBJECTS = 50_000
"""In one pack: their names are in memory until it is finished, and the purge makes one pack of them all."""
MOST_BYTES = 64 << 20
"""On the disk before the pack is finished: whole folders of many files take a hundred times what their deltas do."""
OPTIONS = ("--window=10", "--depth=50", "--no-reuse-delta")
"""As in a consolidation. Git takes two whole objects of one pack for ones that were compared before; these were not."""


class NewObjects:
    """Packs in a repository of their own, begun as they are needed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._repository = folder / f"new-{object_keys.new_id()}.git"
        self._writer: PackWriter | None = None
        self._names: list[str] = []
        self._finished: dict[str, WrittenPack] = {}

    def add(self, kind: int, raw: bytes, group: int) -> str:
        """Add an object of this kind, byte for byte; its name in hex. Those of one group are compared to each other."""
        if self._writer is None or self._is_full(self._writer):
            self._begin()
        assert self._writer
        count = self._writer.object_count
        sha = self._writer.add_object(kind, raw)
        if self._writer.object_count > count:
            self._names.append(f"{sha} {group}\n")
        return sha

    def finish(self) -> dict[str, WrittenPack]:
        """The packs by their names."""
        if self._writer:
            self._finished[object_keys.new_id()] = self._pack(self._writer)
            self._writer, self._names = None, []
        return self._finished

    def _is_full(self, writer: PackWriter) -> bool:
        return writer.object_count >= MOST_OBJECTS or writer.size_bytes >= MOST_BYTES

    def _begin(self) -> None:
        self.finish()
        if not self._repository.exists():
            lay_out(self._repository)
            (self._repository / "HEAD").write_text("ref: refs/heads/main\n")
        self._writer = self._stack.enter_context(PackWriter(pack_file(self._repository, object_keys.new_id())))

    def _pack(self, writer: PackWriter) -> WrittenPack:
        """The same objects with deltas; newest first, as git expects its input."""
        whole = writer.finish()
        names = self._repository / "names"
        names.write_text("".join(reversed(self._names)))
        made = pack_objects(self._repository, names, self._folder / "made", *OPTIONS)
        assert made, "there is an object at least"
        whole.pack.unlink()
        whole.idx.unlink()
        return measure_pack(made)


@contextmanager
def open_new_objects(folder: Path) -> Iterator[NewObjects]:
    """Objects to be added to; the packs are in the folder."""
    with ExitStack() as stack:
        yield NewObjects(folder, stack)
