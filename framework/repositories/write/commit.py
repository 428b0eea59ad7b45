"""The commit point: one SQL transaction, and then the journal entry; see DESIGN.md for what each crash leaves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sqlalchemy import bindparam, delete, insert, inspect, or_, select, tuple_, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from framework.database.batches import in_batches
from framework.database.session import read_transaction, transaction
from framework.gitcore.packs import WrittenPack
from framework.gitcore.path_policy import folders_above
from framework.gitcore.ref_names import HEADS, clashes
from framework.observability import counts
from framework.repositories.cache import copies
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import Change, Committed, RefUpdate, Repacking, StoredLfs, apply_ref_updates
from framework.repositories.catalog.known_refs import remember_updated
from framework.repositories.catalog.pack_records import NewPack, PackRecord
from framework.repositories.journal import writer
from framework.repositories.journal.divergence import DatabaseBehind, refuse_divergence
from framework.repositories.journal.state import Facts
from framework.repositories.models import STAGED, LargeBlob, LfsObject, Pack, Ref, Repository, StagedPush, Version
from framework.repositories.write.follow_up import queue_tasks
from framework.repositories.write.refusals import (
    MovedMeanwhile,
    NotCommitted,
    OutcomeUnknown,
    PacksChanged,
    RefClash,
    RefMoved,
    StagingExpired,
    VersionMoved,
)
from framework.storage.current import store

FEW_REFS = 20
"""What stands in the way of so many created refs is looked up by name; for more, all refs are read."""

NOTHING: Mapping[str, WrittenPack] = MappingProxyType({})

InTransaction = Callable[[Session, Committed], None]
Precheck = Callable[[Session, Change], None]


def do_nothing(_session: Session, _subject: object) -> None:
    """A `precheck` or `in_transaction` that does nothing."""


def commit(
    change: Change, *, precheck: Precheck, in_transaction: InTransaction, at_hand: Mapping[str, WrittenPack] = NOTHING
) -> Committed | None:
    """Make the change a version, or raise and leave everything as it was.

    The transaction locks in the order owner, repository, staged row: `precheck` runs first, may lock the owner and
    checks the quota; `in_transaction` runs last, checks the role again and writes the caller's rows. The local copy
    takes in the packs that are `at_hand` while the journal entry is on its way. None when the repository has no version
    and the change has no ref: then only the caller's rows were written.

    Raises:
        RefMoved, RefClash, PacksChanged, MovedMeanwhile, VersionMoved, StagingExpired, LfsExpired: it came too late;
            nothing is changed.
        NotOwner, DatabaseBehind, NotCommitted: nothing is changed. OutcomeUnknown, NotConfirmed: repeating is safe.
    """
    store().permit_write()
    refuse_divergence(change.repository_id)
    try:
        committed = _in_one_transaction(change, precheck, in_transaction)
    except OperationalError as error:
        committed = _look_up(change, error)
    if committed:
        counts.count_change_committed(change.kind)
        remember_updated(committed, change.updates)
        with copies.install_meanwhile(change.repository_id, at_hand):
            writer.confirm(change.repository_id)
    return committed


def _in_one_transaction(change: Change, precheck: Precheck, in_transaction: InTransaction) -> Committed | None:
    with transaction() as session:
        precheck(session, change)
        repository = lock_repository(session, change.repository_id)
        if repository.diverged_at is not None:  # another process has found out since this one looked
            raise DatabaseBehind
        _take_staged(session, change)
        change = replace(change, lfs=lfs_objects.take(session, repository.id, change.lfs))
        before = dict(repository.about) if change.about and repository.version else {}
        if change.about:
            repository.about = change.about(session)
        if not change.updates and not repository.version:
            return None
        _check_generation(repository, change)
        _update_refs(session, repository, change)
        is_told = change.about or not repository.version
        facts = Facts.between(before, repository.about) if is_told else Facts()
        committed = _next_version(session, repository, change, facts)
        in_transaction(session, committed)
        return committed


def lock_repository(session: Session, repository_id: str) -> Repository:
    """The repository's row, locked until the transaction ends."""
    return session.scalars(_LOCKED, {"repository_id": repository_id}).one()


_LOCKED = select(Repository).where(Repository.id == bindparam("repository_id")).with_for_update()


def _take_staged(session: Session, change: Change) -> None:
    if not change.packs:
        return
    staged = session.scalars(_STAGED, {"push_id": change.push_id}).one_or_none()
    if staged is None or staged.state != STAGED:
        raise StagingExpired
    staged.give_up({pack.name for pack in change.packs})  # packs of attempts that lost a race stay for the sweep
    if not staged.pack_names:
        session.delete(staged)


_STAGED = select(StagedPush).where(StagedPush.id == bindparam("push_id")).with_for_update()


def _check_generation(repository: Repository, change: Change) -> None:
    """A repacking is told of any other version, and finds out by itself whether that has repacked, too."""
    if change.repacking and change.repacking.place != (repository.epoch, repository.version):
        raise MovedMeanwhile
    if change.pack_generation is not None and change.pack_generation != repository.pack_generation:
        raise PacksChanged


def _update_refs(session: Session, repository: Repository, change: Change) -> None:
    """Write the refs, unless one is not where it was, or cannot be beside another one."""
    if not change.updates:
        return
    refs = _read_refs(session, repository, change)
    for ref in change.updates:
        if refs.get(ref.name) != ref.old:
            raise RefMoved(ref.name)
    apply_ref_updates(refs, change.updates)
    for name, other in clashes(_list_created(change), refs):
        raise RefClash(name, other)
    _write_refs(session, repository.id, change.updates)
    if change.default_branch and HEADS + repository.default_branch not in refs:
        repository.default_branch = change.default_branch


def _read_refs(session: Session, repository: Repository, change: Change) -> dict[str, str]:
    """The refs that the change may meet: those that it moves, those in the way of what it creates, the default branch.

    Of few, each is looked up; of many, all refs of the repository are read.
    """
    names = {ref.name for ref in change.updates} | {HEADS + repository.default_branch}
    created = _list_created(change)
    theirs = select(Ref.name, Ref.sha).where(Ref.repository_id == repository.id)
    if len(created) > FEW_REFS:
        return dict(session.execute(theirs).all())
    below = [Ref.name.startswith(f"{name}/", autoescape=True) for name in created]
    found = dict[str, str]()
    for some in in_batches(sorted(names.union(folders_above(created)))):
        found |= dict(session.execute(theirs.where(or_(Ref.name.in_(some), *below))).all())
    return found


def _list_created(change: Change) -> list[str]:
    return [ref.name for ref in change.updates if ref.new and not ref.old]


def _write_refs(session: Session, repository_id: str, updates: Sequence[RefUpdate]) -> None:
    """Row by row and not object by object, which takes ten times as long with 5,000."""
    connection, theirs = session.connection(), Ref.repository_id == repository_id
    for names in in_batches(sorted(ref.name for ref in updates if ref.old and not ref.new)):
        connection.execute(delete(Ref).where(theirs, Ref.name.in_(names)))
    moved = [{"of": ref.name, "sha": ref.new} for ref in updates if ref.old and ref.new]
    if moved:
        connection.execute(update(Ref).where(theirs, Ref.name == bindparam("of")), moved)
    made = [
        {"repository_id": repository_id, "name": ref.name, "sha": ref.new} for ref in updates if ref.new and not ref.old
    ]
    if made:
        connection.execute(insert(Ref.__table__), made)


def _next_version(session: Session, repository: Repository, change: Change, facts: Facts) -> Committed:
    retired_lfs = _retire(session, repository, change.repacking) if change.repacking else []
    _add_packs(session, repository, change.packs)
    _add_lfs(session, repository, change.lfs)
    session.flush()
    previous, place = repository.entry_hash, (repository.epoch, repository.version)
    with session.no_autoflush:  # what changes of the repository is one statement
        repository.version += 1
        repository.stored_bytes += change.new_bytes
        entry = writer.make_entry(session, repository, change, facts, retired_lfs)
        repository.entry_hash = writer.entry_hash(entry)
        _write_repository(session, repository, place)
    made = {
        "repository_id": repository.id,
        "epoch": repository.epoch,
        "version": repository.version,
        "push_id": change.push_id,
        "pack_generation": repository.pack_generation,
        "actor": change.actor,
        "previous_hash": previous,
        "entry_hash": repository.entry_hash,
        "entry": entry,
    }
    session.connection().execute(insert(Version.__table__), made)
    queue_tasks(session, repository, change)
    return Committed(repository.id, repository.epoch, repository.version, repository.entry_hash, previous)


def _write_repository(session: Session, repository: Repository, place: tuple[int, int]) -> None:
    """Write what has changed, and fail if the row is not where it was read: versions have no gap and one parent."""
    changed = {each.key: each.value for each in inspect(repository).attrs if each.history.has_changes()}
    at_place = Repository.id == repository.id, tuple_(Repository.epoch, Repository.version) == place
    written = session.connection().execute(update(Repository.__table__).where(*at_place).values(changed))
    if written.rowcount != 1:
        raise VersionMoved
    for name, value in changed.items():
        set_committed_value(repository, name, value)


def _add_packs(session: Session, repository: Repository, packs: Sequence[NewPack]) -> None:
    place = {"epoch": repository.epoch, "version": repository.version + 1}
    made = [
        {
            "repository_id": repository.id,
            "side_files": pack.recorded_side_files or None,
            **place,
            **PackRecord.values_of(pack),
        }
        for pack in packs
    ]
    if made:
        session.connection().execute(insert(Pack.__table__), made)
    for pack in packs:
        for sha, size in pack.sizes.items():
            session.merge(LargeBlob(repository_id=repository.id, sha=sha, size_bytes=size))


def _add_lfs(session: Session, repository: Repository, lfs: Sequence[StoredLfs]) -> None:
    place = {"epoch": repository.epoch, "version": repository.version + 1}
    session.add_all(LfsObject(repository_id=repository.id, **one.__dict__, **place) for one in lfs)


def _retire(session: Session, repository: Repository, repacking: Repacking) -> list[str]:
    """The packs that were read are superseded by this version; the collector deletes them when it may.

    Returns the names of the LFS objects that the repository does not need any more.
    """
    repository.pack_generation += 1
    theirs = select(Pack).where(Pack.repository_id == repository.id, Pack.superseded_version.is_(None))
    for names in in_batches(sorted(repacking.retired)):
        for pack in session.scalars(theirs.where(Pack.name.in_(names))).all():
            pack.superseded_version = repository.version + 1
            repository.stored_bytes -= pack.pack_bytes + pack.stored_idx_bytes
    gone = delete(LargeBlob).where(LargeBlob.repository_id == repository.id)
    for shas in in_batches(sorted(repacking.forgotten)):
        session.execute(gone.where(LargeBlob.sha.in_(shas)))
    return lfs_objects.retire(session, repository, repacking.forgotten_lfs)


def _look_up(change: Change, error: OperationalError) -> Committed:
    """The connection broke, at COMMIT perhaps: ask on a new one whether the push id is there."""
    try:
        found = find_push(change.push_id)
    except OperationalError as second:
        raise OutcomeUnknown from second
    if found is None:
        raise NotCommitted from error
    return Committed(found.repository_id, found.epoch, found.version, found.entry_hash, found.previous_hash)


def find_push(push_id: str) -> Version | None:
    """The version that this push id made, or None."""
    with read_transaction() as session:
        return session.scalars(select(Version).where(Version.push_id == push_id)).one_or_none()
