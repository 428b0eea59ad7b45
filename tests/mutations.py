"""`python -m tests.mutations [1/4]`: breaks each invariant by a named change, and looks whether a test notices.

Each mutation is applied to a copy of the project; the tests that hold its invariant run there and have to fail. Prints
a line for each, and ends non-zero when a mutation survived; `1/4` tries the first of four shares. The invariants are
those of the repositories' design.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutation import Mutation, R, T
from tests.repacking_mutations import REPACKING

ROOT = Path(__file__).parent.parent
FOLDERS = ("framework", "static", "templates", "tests")
COPIED = (*FOLDERS, "app.py", "celeryconfig.py", "gunicorn.conf.py", "pyproject.toml")


MUTATIONS = (
    Mutation(
        1, "an acknowledged change has its journal entry in the store",
        f"{R}/journal/writer.py", "        raise NotConfirmed from error\n", "        return\n",
        f"{T}/test_tasks.py",
    ),
    Mutation(
        2, "every pack that SQL names is in the store",
        f"{R}/write/pack_upload.py", "keys.idx_key(repository_id, name)", "keys.idx_key(repository_id, name[::-1])",
        f"{T}/write/test_branch_writer.py -k hydrated",
    ),
    Mutation(
        2, "an index that is made is the recorded one",
        "framework/gitcore/pack_index.py", "!= (recorded.idx_bytes, recorded.idx_sha256)", "== (0, '')",
        f"{T}/cache/test_made_indexes.py -k not_the_recorded",
    ),
    Mutation(
        3, "a version hydrated onto an empty disk passes fsck",
        f"{R}/write/branch_writer.py", "            if not copy.has(put.sha):\n", "            if copy.has(put.sha):\n",
        f"{T}/write/test_branch_writer.py -k hydrated",
    ),
    Mutation(
        4, "versions have one parent",
        f"{R}/write/commit.py", '"previous_hash": previous,', '"previous_hash": None,',
        f"{T}/write/test_branch_writer.py -k parent",
    ),
    Mutation(
        4, "a committed old value equals the parent's",
        f"{R}/write/commit.py", "        raise RefMoved(ref.name)\n", "        pass\n",
        f"{T}/write/test_commit.py -k too_late",
    ),
    Mutation(
        5, "a refused write has no effect at all",
        f"{R}/write/branch_writer.py", "                staging.abandon(self._push_id)\n", "                pass\n",
        f"{T}/write/test_branch_writer.py -k may_not_write",
    ),
    Mutation(
        6, "a broken-off upload is wholly absent",
        "framework/uploads/receiving.py", "        raise BrokenUpload from error\n", "        return []\n",
        "tests/uploads/test_upload.py -k broken_off",
    ),
    Mutation(
        7, "a push id commits at most once",
        f"{R}/write/commit.py", '    if staged is None or staged.state != STAGED:\n        raise StagingExpired\n',
        "    if staged is None:\n        return\n",
        f"{T}/write/test_commit.py -k at_most_once",
    ),
    Mutation(
        8, "every process's next answer is at least the acknowledged version",
        f"{R}/cache/marker.py", "return not self._place < (snapshot.epoch, snapshot.version) and", "return",
        f"{T}/cache/test_copies.py -k lags",
    ),
    Mutation(
        9, "no key ever gets different bytes",
        "framework/storage/folder.py", "os.link(draft, target)", "os.replace(draft, target)",
        "tests/storage/test_folder.py",
    ),
    Mutation(
        9, "what was verified lies where no client can write to",
        "framework/lfs/receiving.py", "    store_files(repository_id, {wanted.oid: file}, uploader_id)\n",
        "    lfs.receive([wanted])\n    return\n",
        "tests/githttp/test_lfs_requests.py -k living_address",
    ),
    Mutation(
        10, "the sweep never takes what a version names",
        f"{R}/write/commit.py", "staged.give_up({pack.name for pack in change.packs})", "staged.give_up(set())",
        f"{T}/write/test_conflicts.py -k lands_on_top",
    ),
    Mutation(
        10, "the collector never takes what the journal names",
        f"{R}/maintenance/collector.py",
        "named = newest.state.names if newest else set()", "named = set[str]()",
        f"{T}/maintenance/test_collector.py -k newest_entry_names",
    ),
    Mutation(
        11, "commit and clean-up of a staged pack: exactly one wins",
        f"{R}/write/commit.py", 'staged is None or staged.state != STAGED', "staged is None",
        f"{T}/write/test_commit.py -k clean_up_has_taken",
    ),
    Mutation(
        11, "commit and clean-up of a received LFS object: exactly one wins",
        f"{R}/catalog/lfs_objects.py",
        "StagedLfs.name.in_(names), StagedLfs.state == RECEIVED", "StagedLfs.name.in_(names)",
        f"{T}/catalog/test_lfs_objects.py -k not_received",
    ),
    Mutation(
        12, "with all disks lost nothing acknowledged is lost",
        f"{R}/cache/hydration.py", '(filling.snapshot.epoch, filling.snapshot.version, filling.snapshot.entry_hash)',
        '(filling.snapshot.epoch, filling.snapshot.version + 1, filling.snapshot.entry_hash)',
        f"{T}/cache/test_copies.py -k cold_page",
    ),
    Mutation(
        13, "a database that was restored old is noticed",
        f"{R}/cache/status.py", "    if found.contradicts(snapshot):\n        raise DatabaseBehind\n", "    return\n",
        f"{T}/cache/test_copies.py -k knows_more",
    ),
    Mutation(
        14, "a damaged local copy is mended",
        f"{R}/cache/repair.py", "!= expected\n", "is None\n",
        f"{T}/cache/test_repair.py -k scrub",
    ),
    Mutation(
        13, "what came after a checkpoint is not lost",
        f"{R}/journal/versions.py", "for entry in reversed(entries)]", "for entry in reversed(entries[:0])]",
        f"{T}/recovery/test_checkpoints.py -k everything_comes_back",
    ),
    Mutation(
        13, "a damaged checkpoint is not taken for a whole one",
        f"{R}/journal/keys.py", "    if not key.names(found):\n", "    if not data:\n",
        f"{T}/journal/test_checkpoints.py -k damaged_one_is_told",
    ),
    Mutation(
        13, "a lost entry costs no file",
        f"{R}/recovery/planning.py", "add_orphans(version) if version.gap else version", "version",
        f"{T}/recovery/test_checkpoints.py -k lost_entry_costs_no_file",
    ),
    Mutation(
        9, "what was closed in a version whose entry is gone stays closed",
        f"{R}/recovery/facts.py",
        "return Facts.between(facts, newest).apply_to(told)", "return told",
        f"{T}/recovery/test_checkpoints.py -k stays_closed",
    ),
    Mutation(
        17, "a resume brings nobody back who was removed",
        f"{R}/recovery/facts.py",
        "told = Facts.between(previous, facts).apply_to(told)", "told |= Facts.between(previous, facts).values",
        "tests/cli/test_recovery.py -k what_ended",
    ),
    Mutation(
        13, "a rebuild knows which indexes are not stored",
        f"{R}/journal/state.py", 'idx_stored=pack["name"] not in unstored', "idx_stored=True",
        f"{T}/journal/test_versions.py -k lead_to_what_sql_has",
    ),
    Mutation(
        13, "no entry is dropped that a rebuild may need",
        f"{R}/maintenance/journal_retention.py", "if old and _are_whole(journal, needed) else []", "",
        f"{T}/maintenance/test_journal_retention.py -k nothing_goes_while",
    ),
    Mutation(
        14, "an altered pack is never installed",
        f"{R}/cache/hydration.py", "if (fetched.size_bytes, fetched.sha256) == (wanted.size_bytes, wanted.sha256):",
        "if fetched:",
        f"{T}/cache/test_copies.py -k never_used",
    ),
    Mutation(
        15, "an object of a push is read again unless it was looked at",
        f"{R}/write/received/scan.py", "            made.holds_all = False\n\n    def _note",
        "            made.cleared[number] = True\n\n    def _note",
        f"{T}/write/test_received.py -k sees_what_git_sees",
    ),
    Mutation(
        15, "the LFS objects of a refused push can be fetched by nobody else",
        "framework/repositories/catalog/lfs_objects.py",
        ", RECEIVED, StagedLfs.uploader_id == uploader_id)", ", RECEIVED)",
        "tests/githttp/test_lfs.py -k refused_push",
    ),
    Mutation(
        15, "projects share no LFS object",
        f"{R}/catalog/lfs_objects.py", "theirs = select(LfsObject).where(LfsObject.repository_id == repository_id)\n",
        "theirs = select(LfsObject)\n",
        "tests/githttp/test_lfs.py -k projects_share",
    ),
    Mutation(
        15, "a clone is sent nothing that no ref reaches",
        f"{R}/maintenance/repacking.py", "    if snapshot.refs and with_bundle:", "    if snapshot.refs:",
        "tests/githttp/fetch/test_cold_clones.py -k pushed_away",
    ),
    Mutation(
        17, "an entry that came after a take-over is not acknowledged",
        f"{R}/journal/writer.py",
        "            _write(version)\n        store().permit_write()\n", "            _write(version)\n",
        "tests/cli/test_two_databases.py -k late_entry",
    ),
    Mutation(
        17, "another database writes nothing",
        "framework/storage/contract.py",
        "        self.permit_write(_ready(key))\n        self._put(key, source, sha256)\n",
        "        self._put(_ready(key), source, sha256)\n",
        "tests/storage/test_ownership.py -k another_database",
    ),
    Mutation(
        17, "a copy of the database is noticed",
        "framework/storage/ownership/lease.py",
        "        if listed.marks_of(listed.newest).keys() - ",
        "        if False and listed.marks_of(listed.newest).keys() - ",
        "tests/storage/test_ownership.py -k copy",
    ),
    Mutation(
        17, "a living owner is waited for",
        "framework/storage/ownership/lease.py",
        "        if not silent:\n            wait_until_noticed(seconds, tell)\n", "",
        "tests/storage/test_take_over.py -k living_owner",
    ),
    Mutation(
        17, "what both databases acknowledged is kept",
        f"{R}/recovery/recovery.py", "            keep_parallel_line(session, repository, one)\n", "            pass\n",
        "tests/cli/test_two_databases.py -k both_acknowledged",
    ),
    Mutation(
        17, "the packs of another line are in use",
        f"{R}/maintenance/collector.py", "    if strange:  # the", "    if False:  # the",
        "tests/cli/test_two_databases.py -k collector",
    ),
    Mutation(
        17, "what a rebuild made private is nobody's decision",
        f"{R}/recovery/facts.py", "        if not recovery:\n", "        if line:\n",
        "tests/cli/test_two_databases.py -k visibility",
    ),
    Mutation(
        17, "a process that has written before stops, too",
        f"{R}/write/commit.py", "            raise DatabaseBehind\n", "            pass\n",
        f"{T}/journal/test_divergence.py -k written_before",
    ),
    *REPACKING,
)  # fmt: skip


def main(share: str = "1/1") -> int:
    """Try every mutation of a share; how many survived."""
    number, shares = map(int, share.split("/"))
    tried = MUTATIONS[number - 1 :: shares]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        caught = dict(zip(tried, pool.map(_is_caught, tried), strict=True))
    survived = [mutation for mutation in tried if not caught[mutation]]
    invariants = {mutation.number for mutation in tried}
    held = invariants - {mutation.number for mutation in survived}
    print(f"{len(tried) - len(survived)} of {len(tried)} mutations caught")  # noqa: T201
    print(f"{len(held)} of {len(invariants)} caught")  # noqa: T201
    return len(survived)


def _is_caught(mutation: Mutation) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, Path(folder, name))
        file = Path(folder, mutation.file)
        file.write_text(file.read_text().replace(mutation.kept, mutation.broken))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "", *mutation.tests.split()]
        caught = subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 1
    print(f"{'caught  ' if caught else 'SURVIVED'}  {mutation.number:2}  {mutation.invariant}", flush=True)  # noqa: T201
    return caught


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
