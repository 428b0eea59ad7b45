"""A history without the old versions of a file: every branch and tag that had them is moved to it in one version.

The versions that branches and tags end with are kept, wherever a history has them, and those that they ended with when
somebody asked for it. Nothing is freed yet: the commits of before can be read by their names until a purge drops them.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from framework.celery.heartbeat import keep_renewing
from framework.celery.jobs import Work
from framework.errors import Conflict, HoldfastError, Unavailable
from framework.gitcore.commit_objects import read_commit, target_of
from framework.gitcore.packs import COMMIT, TAG, WrittenPack
from framework.observability import counts
from framework.repositories import object_keys
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import read_copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.changes import Change, Committed, RefUpdate
from framework.repositories.catalog.pack_records import HISTORY, NewPack
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot_and_packs
from framework.repositories.disk_room import raise_no_room, refuse_without_room
from framework.repositories.old_versions.new_objects import NewObjects, open_new_objects
from framework.repositories.old_versions.rewriting import TreeStripper, rewrite_commit, rewrite_tag
from framework.repositories.old_versions.trees import Tip, TreeReader, find_tip, list_commits, split_path
from framework.repositories.write import staging, write_queue
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.pack_upload import put_all
from framework.repositories.write.refusals import MovedMeanwhile, PacksChanged, RefMoved

ATTEMPTS = 20
FREE_LOSSES = 2
TURN_SECONDS = 20
TURN_RENEWED_EVERY_SECONDS = 3
NEWS_EVERY = 1000


class KeptChanging(Conflict):
    """People kept pushing while the history was rewritten."""

    def __init__(self) -> None:
        super().__init__("The project kept changing meanwhile. Try again later.")


class _BeginAnew(Exception):
    """These versions are to be kept, and some of them have been removed, so that all commits are to be walked again."""

    def __init__(self, kept: frozenset[str]) -> None:
        super().__init__(kept)
        self.kept = kept


@dataclass(frozen=True)
class Removed:
    """What became of a history: how many versions of the file left it, how many commits are other ones, what moved."""

    versions: int
    commits: int
    updates: tuple[RefUpdate, ...]


@dataclass(frozen=True)
class RemovalRequest:
    """Of which file the old versions are to go, on behalf of whom; `in_transaction` may refuse, and writes what it was.

    The path's bytes that are no UTF-8 are surrogates. `kept` are the blobs' names of versions that were promised to
    stay, even where a push has replaced them meanwhile.
    """

    repository_id: str
    path: str
    actor: str
    in_transaction: Callable[[Session, Removed], None]
    kept: frozenset[str] = frozenset()


def remove_old_versions(request: RemovalRequest, work: Work) -> Removed | None:
    """Make the history without them the newest version; None, and no version, where there are no old ones.

    Whatever is committed meanwhile is taken in: the version is the one right after that which was read.

    Raises:
        KeptChanging, NoRoom: nothing is changed. What `in_transaction`, `read_copy` and `commit` raise.
    """
    needed = refuse_without_room(request.repository_id, read_snapshot_and_packs(request.repository_id)[1])
    with raise_no_room(needed), scratch("removal") as folder:
        return _Removal(request, work, folder).run()


@dataclass
class _Rewritten:
    """How far the history is rewritten: commits' new names, the tips that were walked, and the packs of the rest.

    What was once kept stays so: the commits that were walked have it, and those that came since may have it, too.
    """

    names: dict[str, str] = field(default_factory=dict)
    walked: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    packs: dict[str, WrittenPack] = field(default_factory=dict)


@dataclass(frozen=True)
class _Attempt:
    snapshot: Snapshot
    rewritten: _Rewritten
    updates: tuple[RefUpdate, ...]

    @property
    def outcome(self) -> Removed:
        return Removed(len(self.rewritten.removed), len(self.rewritten.names), self.updates)


class _Removal:
    def __init__(self, request: RemovalRequest, work: Work, folder: Path) -> None:
        self._request, self._work, self._folder = request, work, folder
        self._push_id = object_keys.new_id()
        self._rewritten = _Rewritten()
        self._sent: set[str] = set()

    def run(self) -> Removed | None:
        try:
            return self._try_until_landed()
        except HoldfastError:
            with suppress(Unavailable):
                staging.abandon(self._push_id)
            raise

    def _try_until_landed(self) -> Removed | None:
        """Try at once; after the second loss in turn with other writers, who never wait for a walk of all commits."""
        with ExitStack() as turn:
            in_turn = False
            for losses in range(ATTEMPTS):
                if losses >= FREE_LOSSES and self._rewritten.walked and not in_turn:
                    self._take_turns(turn)
                    in_turn = True
                try:
                    return self._try_once()
                except _BeginAnew as anew:
                    turn.close()
                    in_turn, self._rewritten = False, _Rewritten(kept=anew.kept)
                except (MovedMeanwhile, RefMoved, PacksChanged):
                    counts.count_change_retried("rewrite")
        raise KeptChanging

    def _take_turns(self, turn: ExitStack) -> None:
        repository_id, deadline = self._request.repository_id, time.monotonic() + TURN_SECONDS
        turn.callback(write_queue.release, repository_id, self._push_id)
        write_queue.wait_for_turn(repository_id, self._push_id, deadline=deadline)
        renew = partial(write_queue.wait_for_turn, repository_id, self._push_id, deadline=deadline)
        turn.enter_context(keep_renewing(renew, every_seconds=TURN_RENEWED_EVERY_SECONDS))

    def _try_once(self) -> Removed | None:
        attempt = read_copy(self._request.repository_id, self._rewrite)
        self._rewritten = attempt.rewritten
        if not attempt.updates:
            staging.abandon(self._push_id)
            return None
        self._work.say("Storing the new history")
        self._send(attempt.rewritten.packs)
        commit(
            self._change(attempt),
            precheck=do_nothing,
            in_transaction=lambda session, committed: self._finish(session, committed, attempt),
            at_hand=attempt.rewritten.packs,
        )
        return attempt.outcome

    def _rewrite(self, copy: Copy) -> _Attempt:
        """Go on from what is rewritten, which nothing changes that happens here: a damaged copy is read again.

        Raises:
            _BeginAnew: a tip has come that ends with a version that was removed.
        """
        tips = {name: find_tip(copy, sha) for name, sha in copy.snapshot.refs.items()}
        trees, steps = TreeReader(copy), split_path(self._request.path)
        kept = self._request.kept | self._rewritten.kept | _find_kept(trees, tips.values(), steps)
        before = self._rewritten
        if not kept.isdisjoint(before.removed):
            raise _BeginAnew(kept)
        commits = [tip.sha for tip in tips.values() if tip.kind == COMMIT]
        with open_new_objects(self._folder) as objects:
            stripper = TreeStripper(trees, steps, kept, objects.add)
            names = dict(before.names)
            walk = list_commits(copy, self._folder, commits, sorted(before.walked)) if commits else iter(())
            for number, sha in enumerate(walk, 1):
                raw = copy.read_object(sha)[1]
                one = read_commit(sha, raw)
                tree = one.tree.decode()
                stripped = stripper.strip(tree)
                if stripped != tree or any(parent.decode() in names for parent in one.parents):
                    names[sha] = objects.add(COMMIT, rewrite_commit(raw, stripped, names), 0)
                if number % NEWS_EVERY == 0:
                    self._work.say(f"Rewriting the history, {number:,} commits so far")
            updates = _find_updates(copy, names, objects)
            packs = {**before.packs, **objects.finish()}
        removed = before.removed | stripper.removed
        rewritten = _Rewritten(names, before.walked | frozenset(commits), kept, removed, packs)
        return _Attempt(copy.snapshot, rewritten, updates)

    def _send(self, packs: Mapping[str, WrittenPack]) -> None:
        staging.stage(self._request.repository_id, self._push_id, list(packs), again=bool(self._sent))
        put_all(
            self._request.repository_id,
            self._push_id,
            {name: pack for name, pack in packs.items() if name not in self._sent},
        )
        self._sent.update(packs)

    def _change(self, attempt: _Attempt) -> Change:
        return Change(
            repository_id=self._request.repository_id,
            actor=self._request.actor,
            push_id=self._push_id,
            updates=attempt.updates,
            packs=tuple(NewPack.of(name, HISTORY, pack, {}) for name, pack in attempt.rewritten.packs.items()),
            pack_generation=attempt.snapshot.pack_generation,
            kind="rewrite",
        )

    def _finish(self, session: Session, committed: Committed, attempt: _Attempt) -> None:
        """A branch that came meanwhile would lead to old versions, so that none may have come."""
        if (committed.epoch, committed.version) != (attempt.snapshot.epoch, attempt.snapshot.version + 1):
            raise MovedMeanwhile
        self._request.in_transaction(session, attempt.outcome)


def _find_kept(trees: TreeReader, tips: Iterable[Tip], steps: tuple[bytes, ...]) -> set[str]:
    """The versions of the file that refs end with."""
    found = (trees.find(tip.tree, steps) for tip in tips if tip.tree)
    return {entry.sha for entry in found if entry and entry.is_file}


def _find_updates(copy: Copy, names: Mapping[str, str], objects: NewObjects) -> tuple[RefUpdate, ...]:
    """Every ref that leads to a commit with a new name, and where it leads then."""
    moved = ((name, sha, _rename(copy, sha, names, objects)) for name, sha in sorted(copy.snapshot.refs.items()))
    return tuple(RefUpdate(name, old, new) for name, old, new in moved if new != old)


def _rename(copy: Copy, sha: str, names: Mapping[str, str], objects: NewObjects) -> str:
    """What stands for this object in the new history; a tag is made anew where what it marks has a new name.

    Tags may mark tags, as many of them as somebody has pushed.
    """
    tags = list[tuple[str, bytes]]()
    while sha not in names and copy.has(sha):
        kind, raw = copy.read_object(sha)
        if kind != TAG:
            break
        tags.append((sha, raw))
        sha = target_of(raw)
    renamed = names.get(sha, sha)
    for tag, raw in reversed(tags):
        renamed = tag if renamed == target_of(raw) else objects.add(TAG, rewrite_tag(raw, renamed), 0)
    return renamed
