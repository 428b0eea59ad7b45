"""A project filled from another one: the objects are packed anew and received as a push is, and nothing is shared.

The origin's local copy lends its objects to a repository in scratch that nobody serves. What its chosen refs lead to is
packed from there; what no branch or tag leads to any more stays behind.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.gitcore import git
from framework.gitcore.lfs.references import find_pointed_objects
from framework.gitcore.ref_names import HEADS
from framework.githttp.push.importing import land_history
from framework.githttp.push.landing import admit_all
from framework.lfs.reading import stream_whole
from framework.lfs.receiving import store_files
from framework.projects.branches.operations import set_default_branch
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.description import describe
from framework.projects.members import quota
from framework.projects.models import Project
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.hydration import lay_out, write_refs
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.repair import read_copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot
from framework.repositories.write.creation import change_about

OBJECTS_AT_ONCE, BYTES_AT_ONCE = 100, 64 << 20
FIRST_BRANCH = "main"
FIRST_TITLE = "First version, from a template"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Source:
    """What to take of a repository: `copy` is all of it, `branch` the default branch, `template` its newest files.

    `began_at` is the moment, in seconds since 1970, that the first version of a template's project tells. `recheck` may
    refuse in the transaction that stores what was copied.
    """

    repository_id: str
    kind: str
    began_at: int = 0
    recheck: Callable[[Session], None] = admit_all


def fill(target: ProjectAccess, account: Account, source: Source, *, say: Say) -> list[str]:
    """Give the project what the source has; why branches or tags were left out. A second run changes nothing.

    Raises:
        QuotaExceeded, FileOverPlan, and what else a push or `recheck` raises: nothing is stored.
        What `read_copy` raises.
    """
    return read_copy(source.repository_id, lambda copy: _fill(copy, target, account, source, say), FULL)


def _fill(copy: Copy, target: ProjectAccess, account: Account, source: Source, say: Say) -> list[str]:
    with scratch("copy") as folder:
        repository = folder / "source.git"
        refs = _choose_refs(copy.snapshot, source.kind)
        lend_objects(repository, [copy.path])
        if source.kind == "template":
            refs = {HEADS + FIRST_BRANCH: _begin_anew(copy, repository, account, source)} if refs else {}
        if not refs:
            return []
        default_branch = next(iter(refs)).removeprefix(HEADS)
        write_refs(repository, replace(copy.snapshot, refs=refs, default_branch=default_branch))
        say("Copying the large files")
        copy_large_files(copy.snapshot, repository, target, folder)
        say("Copying the history")
        _count, refused = land_history(target, account, repository, say=say, recheck=source.recheck)
    _keep_default_branch(target, account, default_branch)
    return refused


def _keep_default_branch(target: ProjectAccess, account: Account, branch: str) -> None:
    """Have the origin's default branch be the new project's, also where its maker is only a writer in a group."""
    snapshot = read_snapshot(target.repository_id)
    if snapshot.default_branch == branch or branch not in snapshot.branches:
        return

    def change(session: Session) -> dict[str, Any]:
        recheck(session, target.id, account, "writer")
        set_default_branch(session, target.repository_id, branch)
        return describe(session, session.get_one(Project, target.id))

    change_about(target.repository_id, change, actor=account.name)


def lend_objects(repository: Path, lenders: Sequence[Path]) -> None:
    """Lay out a bare repository in scratch that reads the objects of these; it must end before they are given back."""
    lay_out(repository)
    lines = "".join(f"{lender / 'objects'}\n" for lender in lenders)
    (repository / "objects" / "info" / "alternates").write_text(lines)
    (repository / "HEAD").write_text(f"ref: {HEADS}{FIRST_BRANCH}\n")


def _choose_refs(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """Object names by full ref names, the default branch first."""
    default = HEADS + snapshot.default_branch
    first = {default: snapshot.refs[default]} if default in snapshot.refs else {}
    return {**first, **snapshot.refs} if kind == "copy" else first


def _begin_anew(copy: Copy, repository: Path, account: Account, source: Source) -> str:
    """A commit without parents that has the newest files, by the account; the same again in a second run."""
    tip = copy.snapshot.refs[HEADS + copy.snapshot.default_branch]
    tree = copy.commit(tip).tree.decode()
    person = f"{account.author} {source.began_at or int(time.time())} +0000"
    raw = f"tree {tree}\nauthor {person}\ncommitter {person}\n\n{FIRST_TITLE}\n"
    return git.run(repository, "hash-object", "-t", "commit", "-w", "--stdin", given=raw.encode()).decode().strip()


def copy_large_files(snapshot: Snapshot, repository: Path, target: ProjectAccess, folder: Path) -> None:
    """Store the Git LFS objects that the chosen refs need under keys of the target's own, each checked as it passes."""
    if not lfs_objects.names_any(snapshot.repository_id):
        return
    tips = git.run(repository, "for-each-ref", "--format=%(objectname)").decode().split()
    needed = find_pointed_objects(repository, tips, folder)
    there = lfs_objects.read_received(target.repository_id, needed) | lfs_objects.read_named(
        target.repository_id, needed
    )
    objects = list(lfs_objects.read_named(snapshot.repository_id, needed - there.keys()).values())
    plan = quota.check_room(target, sum(one.size_bytes for one in objects)).plan
    for one in objects:
        quota.refuse_large_file(plan, one.oid, one.size_bytes)
    for some in _batches(objects):
        files = {one.oid: _fetch(snapshot.repository_id, one, folder) for one in some}
        store_files(target.repository_id, files)
        for file in files.values():
            file.unlink()


def _fetch(repository_id: str, stored: StoredLfs, folder: Path) -> Path:
    target = folder / stored.oid
    with target.open("xb") as file:
        for chunk in stream_whole(repository_id, stored):
            file.write(chunk)
    return target


def _batches(objects: Sequence[StoredLfs]) -> Iterator[list[StoredLfs]]:
    some: list[StoredLfs] = []
    for one in objects:
        some.append(one)
        if len(some) == OBJECTS_AT_ONCE or sum(each.size_bytes for each in some) >= BYTES_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
