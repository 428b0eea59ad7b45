"""Writing to a branch without a working tree: path operations become one commit, on top of whatever is newest."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from dulwich.objects import Commit, ObjectID

from framework import config
from framework.errors import HoldfastError, Unavailable
from framework.gitcore.pack_writer import PackWriter
from framework.gitcore.packs import WrittenPack
from framework.gitcore.path_policy import check_path, check_stored_path
from framework.gitcore.ref_names import branch_ref
from framework.observability import counts
from framework.repositories import object_keys
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import read_copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.pack_records import BLOBS, HISTORY, NewPack
from framework.repositories.catalog.snapshot import read_large_blob_sizes
from framework.repositories.history.folders import find
from framework.repositories.history.refs import refuse_lost
from framework.repositories.write import staging, write_queue
from framework.repositories.write.commit import Precheck, commit
from framework.repositories.write.fsck import MAX_SPECIAL_BYTES, check_special_file
from framework.repositories.write.operations import (
    BranchAbsent,
    BranchExists,
    BranchMoved,
    Delete,
    InTransaction,
    Move,
    Operation,
    PathsChanged,
    Put,
    Restore,
    TooBusy,
    Write,
    Written,
)
from framework.repositories.write.pack_upload import leave_out_index, put_all
from framework.repositories.write.refusals import PacksChanged, RefMoved
from framework.repositories.write.tree_editor import TreeEditor

FREE_LOSSES, MOST_TWINS = 2, 10

Look = Callable[[Copy], None]


def look_at_nothing(_copy: Copy) -> None:
    """A `look` that refuses nothing."""


def write(wanted: Write, *, precheck: Precheck, in_transaction: InTransaction, look: Look = look_at_nothing) -> Written:
    """Make the operations one commit on the branch: all of them or none.

    When others' commits land first, the operations are applied again on top of theirs, unless they touched the
    same paths or the write names its parent. Before they are applied, `look` sees what they will stand upon, and may
    refuse.

    Raises:
        BadPath, BadRef, PathClash, PathAbsent, BranchAbsent, BranchExists, ObjectAbsent, CommitLost,
        PathsChanged, BranchMoved, TooBusy: nothing is changed. What `precheck` and `commit` raise.
    """
    branch_ref(wanted.branch)
    for path in _paths_of(wanted.operations):
        check_stored_path(path)
    with scratch("write") as folder:
        return _Writer(wanted, folder, look).run(precheck, in_transaction)


def _paths_of(operations: Sequence[Operation]) -> list[str]:
    paths = [operation.path for operation in operations]
    return paths + [operation.to for operation in operations if isinstance(operation, Move)]


@dataclass
class _Attempt:
    """One application of the operations on one tip: the packs to add and the commit that they hold."""

    tip: str | None
    sha: str
    generation: int
    packs: dict[str, tuple[str, WrittenPack]] = field(default_factory=dict)
    twins: Sequence[tuple[str, str]] = ()


class _Writer:
    def __init__(self, wanted: Write, folder: Path, look: Look) -> None:
        self._wanted, self._folder, self._look = wanted, folder, look
        self._push_id = object_keys.new_id()
        self._first: dict[str, tuple[int, str] | None] | None = None
        self._blobs: dict[str, tuple[str, WrittenPack]] = {}
        self._sizes: dict[str, dict[str, int]] = {}
        self._sent: set[str] = set()

    def run(self, precheck: Precheck, in_transaction: InTransaction) -> Written:
        try:
            return self._try_until_landed(precheck, in_transaction)
        except HoldfastError:
            with suppress(Unavailable):
                staging.abandon(self._push_id)
            raise

    def _try_until_landed(self, precheck: Precheck, in_transaction: InTransaction) -> Written:
        """Try at once; after the second loss, or when others wait already, in turn."""
        repository_id = self._wanted.repository_id
        deadline = time.monotonic() + config.current().longest_wait_seconds
        losses, in_turn = 0, write_queue.is_taken(repository_id)
        try:
            while time.monotonic() < deadline:
                if in_turn and not write_queue.wait_for_turn(repository_id, self._push_id, deadline=deadline):
                    break
                with suppress(RefMoved, PacksChanged):
                    return self._try_once(precheck, in_transaction)
                losses += 1
                counts.count_change_retried("files")
                in_turn = in_turn or losses >= FREE_LOSSES
            raise TooBusy
        finally:
            if in_turn:
                write_queue.release(repository_id, self._push_id)

    def _try_once(self, precheck: Precheck, in_transaction: InTransaction) -> Written:
        attempt = read_copy(self._wanted.repository_id, self._build)
        if attempt.sha == attempt.tip:
            return Written(attempt.sha, changed=False)
        if attempt.packs:
            self._send(attempt)
        written = Written(attempt.sha, changed=True, twins=attempt.twins)
        commit(
            self._change(attempt),
            precheck=precheck,
            in_transaction=lambda session, _committed: in_transaction(session, written),
            at_hand={name: pack for name, (_kind, pack) in attempt.packs.items()},
        )
        return written

    def _build(self, copy: Copy) -> _Attempt:
        tip, parent = self._place(copy)
        self._look(copy)
        root = _root(copy, parent)
        editor = TreeEditor(copy, root)
        self._refuse_touched_paths(copy, editor)
        self._apply(copy, editor)
        lfs_objects.refuse_unnamed(self._wanted.repository_id, self._wanted.named_lfs)
        self._pack_large_blobs()
        name = object_keys.new_id()
        with PackWriter(self._folder / f"pack-{name}.pack") as writer:
            self._add_small_blobs(writer, copy)
            tree = editor.write(writer)
            for file in editor.special:
                check_special_file(file, self._head_of(copy, file.sha))
            if parent and tree == root:
                return _Attempt(tip, parent, copy.snapshot.pack_generation)
            sha = writer.add(_commit(self._wanted, tree, parent))
            packs = {**self._blobs, name: (HISTORY, leave_out_index(writer.finish()))}
        return _Attempt(tip, sha, copy.snapshot.pack_generation, packs, editor.twins[:MOST_TWINS])

    def _place(self, copy: Copy) -> tuple[str | None, str | None]:
        """The branch's tip, None for a branch that begins, and the commit to build upon, None for the first one."""
        wanted, tip = self._wanted, copy.snapshot.find_branch(self._wanted.branch)
        if wanted.parent and wanted.parent != tip:
            raise BranchMoved(wanted.branch)
        if wanted.start and tip:
            raise BranchExists(wanted.branch)
        if wanted.start:
            return None, copy.commit(wanted.start).id.decode()
        if tip is None and (copy.snapshot.refs or wanted.branch != copy.snapshot.default_branch):
            raise BranchAbsent(wanted.branch)
        return tip, tip

    def _refuse_touched_paths(self, copy: Copy, editor: TreeEditor) -> None:
        """Compare the touched paths with the base's or the first tip's: what others changed there is a conflict."""
        if self._wanted.free and editor.entry(self._wanted.free) is not None:
            raise PathsChanged([self._wanted.free])
        seen = self._entries(editor)
        if self._first is None and self._wanted.base:
            self._first = self._entries(TreeEditor(copy, _root(copy, self._wanted.base)))
        if self._first is None:
            self._first = seen
        elif moved := sorted(path for path, entry in seen.items() if entry != self._first[path]):
            counts.count_change_conflicted("files")
            raise PathsChanged(moved)

    def _entries(self, editor: TreeEditor) -> dict[str, tuple[int, str] | None]:
        return {path: editor.entry(path) for path in _paths_of(self._wanted.operations)}

    def _refuse_new_names(self, editor: TreeEditor, operation: Operation) -> None:
        """Hold new names to the strict rules; what is there, or was, may be called as published histories are."""
        place = operation.to if isinstance(operation, Move) else operation.path
        is_old = isinstance(operation, Restore) and operation.path == operation.source
        if not is_old and editor.entry(place) is None:
            check_path(place)

    def _head_of(self, copy: Copy, sha: str) -> bytes:
        """The content of this file of the new version, as much of it as Git would look at."""
        put = next((one for one in self._wanted.operations if isinstance(one, Put) and one.sha == sha), None)
        if put is None:
            blob = copy.blob(sha)
            return b"".join(blob.chunks) if blob.size_bytes <= MAX_SPECIAL_BYTES else bytes(MAX_SPECIAL_BYTES + 1)
        with put.bring_file().open("rb") as file:
            return file.read(MAX_SPECIAL_BYTES + 1)

    def _apply(self, copy: Copy, editor: TreeEditor) -> None:
        for operation in self._wanted.operations:
            self._refuse_new_names(editor, operation)
            if isinstance(operation, Put):
                editor.put(operation.path, operation.sha)
            elif isinstance(operation, Delete):
                editor.delete(operation.path)
            elif isinstance(operation, Restore):
                refuse_lost(copy, operation.commit)
                found = find(copy, operation.commit, operation.source)
                editor.restore(operation.path, found.mode, found.sha)
            else:
                editor.move(operation.path, operation.to)

    def _puts(self, *, large: bool) -> list[Put]:
        threshold = config.current().large_blob_bytes
        puts = [operation for operation in self._wanted.operations if isinstance(operation, Put)]
        return [put for put in puts if (put.size_bytes >= threshold) == large]

    def _pack_large_blobs(self) -> None:
        """Pack those that neither the project nor an earlier attempt has; a purge may have dropped some since that."""
        packed = {sha for sizes in self._sizes.values() for sha in sizes}
        puts = [put for put in self._puts(large=True) if put.sha not in packed]
        known = read_large_blob_sizes(self._wanted.repository_id, {put.sha for put in puts})
        new = {put.sha: put for put in puts if put.sha not in known}.values()
        for put in new:
            if put.pack:
                self._take_blobs([put], put.pack)
        if loose := [put for put in new if not put.pack]:
            with PackWriter(self._folder / f"pack-{object_keys.new_id()}.pack", expected_count=len(loose)) as writer:
                for put in loose:
                    _add(writer, put)
                self._take_blobs(loose, writer.finish())

    def _take_blobs(self, puts: Sequence[Put], pack: WrittenPack) -> None:
        name = object_keys.new_id()
        self._sizes[name] = {put.sha: put.size_bytes for put in puts}
        self._blobs[name] = (BLOBS, pack)

    def _add_small_blobs(self, writer: PackWriter, copy: Copy) -> None:
        for put in self._puts(large=False):
            if not copy.has(put.sha):
                _add(writer, put)

    def _send(self, attempt: _Attempt) -> None:
        """Own the names in SQL; then send packs and indexes, large blobs once, and read the journal, in parallel."""
        staging.stage(self._wanted.repository_id, self._push_id, list(attempt.packs), again=bool(self._sent))
        fresh = {name: pack for name, (_kind, pack) in attempt.packs.items() if name not in self._sent}
        put_all(self._wanted.repository_id, self._push_id, fresh)
        self._sent.update(fresh)

    def _change(self, attempt: _Attempt) -> Change:
        change = Change(
            repository_id=self._wanted.repository_id,
            actor=self._wanted.actor,
            push_id=self._push_id,
            updates=(RefUpdate(branch_ref(self._wanted.branch), attempt.tip, attempt.sha),),
            pack_generation=attempt.generation,
            lfs=self._wanted.lfs,
        )
        return replace(change, packs=tuple(self._new_pack(name, *pack) for name, pack in attempt.packs.items()))

    def _new_pack(self, name: str, kind: str, pack: WrittenPack) -> NewPack:
        return NewPack.of(name, kind, pack, self._sizes.get(name, {}))


def _root(copy: Copy, commit: str | None) -> str | None:
    return copy.commit(commit).tree.decode() if commit else None


def _add(writer: PackWriter, put: Put) -> None:
    with put.file.open("rb") as source:
        writer.add_blob(put.sha, source, put.size_bytes)


def _commit(wanted: Write, tree: str, parent: str | None) -> Commit:
    made = Commit()
    made.tree = ObjectID(tree.encode())
    made.parents = [ObjectID(parent.encode())] if parent else []
    made.author = made.committer = wanted.author.encode()
    made.author_time = made.commit_time = int(time.time())
    made.author_timezone = made.commit_timezone = 0
    made.encoding = None
    made.message = wanted.message.replace("\0", "").rstrip().encode(errors="replace") + b"\n"
    return made
