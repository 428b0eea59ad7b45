"""The mutations of consolidations, purges and folds: what they keep, and what they drop."""

from tests.mutation import Mutation, R, T

REPACKING = (
    Mutation(
        16, "a version never needs a Git LFS object that a purge has dropped",
        f"{R}/write/branch_writer.py",
        "        lfs_objects.refuse_unnamed(self._wanted.repository_id, self._wanted.named_lfs)\n", "",
        f"{T}/maintenance/test_purging_lfs.py -k meanwhile_is_refused",
    ),
    Mutation(
        16, "a purge keeps the Git LFS objects of what was committed meanwhile",
        f"{R}/maintenance/consolidation.py", "        self._note_needed_lfs(newest, checked.latest.snapshot)\n", "",
        f"{T}/maintenance/test_purging_lfs.py -k needs_it_meanwhile",
    ),
    Mutation(
        16, "what was checked against packs that are gone is checked again",
        f"{R}/write/commit.py", "        raise PacksChanged\n", "        pass\n",
        f"{T}/maintenance/test_consolidation_races.py -k has_dropped_is_refused",
    ),
    Mutation(
        16, "a purge keeps what was committed meanwhile",
        f"{R}/maintenance/consolidation.py",
        "            newest.check_connected(known=read.snapshot)", "            str()",
        f"{T}/maintenance/test_consolidation_races.py -k about_to_drop_keeps_it",
    ),
    Mutation(
        16, "a purge keeps what was pushed again and folded since",
        f"{R}/maintenance/consolidation.py",
        "check_connected(known=read.snapshot)", "check_connected(known=checked.latest.snapshot)",
        f"{T}/maintenance/test_folding_races.py -k pushed_again",
    ),
    Mutation(
        16, "a purge leaves nothing of what it drops in a pack that was folded meanwhile",
        f"{R}/maintenance/consolidation.py",
        "        if replaced.mixed and self._request.purge:", "        if not replaced:",
        f"{T}/maintenance/test_folding_races.py -k purge_begins_anew",
    ),
    Mutation(
        16, "a fold brings nothing back that a purge has dropped",
        f"{R}/maintenance/folding.py", "        if not retired <= newest.packs:\n            raise PacksChanged\n", "",
        f"{T}/maintenance/test_folding_races.py -k loses_to_a_repacking",
    ),
    Mutation(
        14, "a damaged copy is not folded",
        f"{R}/maintenance/folding.py", "sha256_of(folder / source.name) == sha256", "True",
        f"{T}/maintenance/test_folding.py -k damaged_copy",
    ),
    Mutation(
        16, "an upload believes in no pack that is of no version",
        f"{R}/cache/copy.py", 'NamedPacks(str(path / "objects"), snapshot.packs)',
        'NamedPacks(str(path / "objects"), [file.stem[5:] for file in path.glob("objects/pack/*.pack")])',
        f"{T}/maintenance/test_consolidation_races.py -k crowded",
    ),
    Mutation(
        16, "a push asks again for large files that a purge may have dropped",
        "framework/githttp/push/receiving.py",
        "large_left_out(quarantine, self._found, packs) if self._found else []", "[]",
        "tests/githttp/push/test_purge_races.py -k large_file_that_was_purged",
    ),
)  # fmt: skip
