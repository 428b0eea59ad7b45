"""A git that was ended from outside, or by a limit of ours, has found nothing: no verdict, no fault, no refusal."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.celery.jobs import track_progress
from framework.config import Config
from framework.database.session import read_transaction
from framework.errors import Interrupted
from framework.gitcore import git
from framework.gitcore.failures import GitCutOff, GitFailed, GitInterrupted, GitTooSlow, classify_failure
from framework.repositories.cache.eviction import copy_path
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Repository
from framework.repositories.tasks import restore_sample
from framework.repositories.write.inventory import ObjectsMissing, PackRefused
from framework.repositories.write.quarantine import Quarantine
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.servers.programs import dying_git

pytestmark = on_each_deployment_in_full

ENDINGS = pytest.mark.parametrize("ending", ["TERM", "KILL", "INT", "HUP", "QUIT"])
CUT = {
    "from outside": ("TERM", GitInterrupted),
    "by a child that was ended": ("echo 'error: index-pack died of signal 15' >&2; exit 128", GitInterrupted),
    "for its memory": ("echo 'fatal: Out of memory, malloc failed' >&2; exit 128", GitCutOff),
    "for its time": ("XCPU", GitTooSlow),
    "by a crash": ("SEGV", GitCutOff),
}
WAYS = pytest.mark.parametrize(("ending", "error"), CUT.values(), ids=CUT.keys())


@pytest.fixture
def cut_off(with_settings: Callable[..., Config], tmp_path: Path) -> Callable[..., None]:
    """Has this git command end so from now on."""

    def cut(command: str, ending: str = "TERM") -> None:
        with_settings(git_path=dying_git(tmp_path / "bin", command, ending))

    return cut


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Two versions, whose packs can be made one."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    return bench


def fault_of(bench: Bench) -> str | None:
    """What is recorded as wrong with the repository."""
    with read_transaction() as session:
        return session.get_one(Repository, bench.repository_id).fault


@ENDINGS
def test_a_signal_is_no_failure_of_git(written: Bench, cut_off: Callable[..., None], ending: str) -> None:
    cut_off("version", ending)
    with pytest.raises(GitInterrupted, match="restarting"):
        git.run(written.folder, "version")


def test_what_was_concluded_from_half_an_answer_does_not_count(written: Bench, cut_off: Callable[..., None]) -> None:
    cut_off("cat-file")
    quarantine = Quarantine(written.folder, written.repository_id)
    with pytest.raises(GitInterrupted), quarantine.reader() as read:
        read("HEAD")  # finds no object, since nobody answers


def test_what_was_concluded_from_a_whole_answer_counts(written: Bench) -> None:
    quarantine = Quarantine(written.folder, written.repository_id)
    with pytest.raises(ObjectsMissing), quarantine.reader() as read:
        read("0" * 40)


def test_a_deadline_is_told_from_a_signal(written: Bench, cut_off: Callable[..., None]) -> None:
    cut_off("version", "exec sleep 600")
    with pytest.raises(GitTooSlow):
        git.run(written.folder, "version", deadline_seconds=0.1)


@WAYS
def test_a_pack_is_not_refused(
    written: Bench, cut_off: Callable[..., None], ending: str, error: type[Exception]
) -> None:
    quarantine = Quarantine(written.folder, written.repository_id)
    cut_off("index-pack", ending)
    with pytest.raises(error):
        quarantine.take([b"PACK"], 1000, 1000)


def test_a_damaged_pack_is_refused(written: Bench) -> None:
    with pytest.raises(PackRefused):
        Quarantine(written.folder, written.repository_id).take([b"PACK"], 1000, 1000)


@WAYS
def test_no_object_is_missing(
    written: Bench, cut_off: Callable[..., None], ending: str, error: type[Exception]
) -> None:
    quarantine = Quarantine(written.folder, written.repository_id)
    cut_off("rev-list", ending)
    with pytest.raises(error):
        quarantine.check_connected(list(quarantine.snapshot.refs.values()))


@WAYS
def test_a_check_finds_no_damage(
    written: Bench, cut_off: Callable[..., None], ending: str, error: type[Exception]
) -> None:
    cut_off("fsck", ending)
    with pytest.raises(error):
        verify(written.repository_id)


def test_a_restore_of_a_sample_records_no_fault(written: Bench, cut_off: Callable[..., None]) -> None:
    cut_off("fsck")
    with pytest.raises(Interrupted):
        restore_sample()
    assert fault_of(written) is None


@pytest.mark.parametrize("command", ["pack-objects", "rev-list", "cat-file"])
def test_a_consolidation_changes_nothing(written: Bench, cut_off: Callable[..., None], command: str) -> None:
    cut_off(command)
    with pytest.raises(GitInterrupted), track_progress("test") as work:
        consolidate(RepackRequest(written.repository_id), work)
    assert fault_of(written) is None


def test_a_consolidation_can_be_repeated_then(written: Bench) -> None:
    with track_progress("test") as work:
        assert consolidate(RepackRequest(written.repository_id), work)
    assert verify(written.repository_id).faults == ()


def test_git_names_the_signal_of_its_child() -> None:
    done = subprocess.run(["git", "-c", "alias.x=!kill -TERM $$", "x"], check=False, capture_output=True, text=True)
    assert isinstance(classify_failure(["x"], 128, done.stderr, expired=False), GitInterrupted)


def test_words_of_the_pusher_are_no_signal() -> None:
    words = "error: object abc: badTree: remote: died of signal 15 of mine\nfatal: fsck error in packed object"
    assert type(classify_failure(["index-pack"], 128, words, expired=False)) is GitFailed


def test_git_leads_a_group_of_its_own_and_ends_when_the_server_does(
    written: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "_server", git._Server())

    def wait_for_git() -> None:
        with git.start(copy_path(written.repository_id), "cat-file", "--batch", stdin=subprocess.PIPE) as own:
            assert os.getpgid(own.pid) == own.pid != os.getpgid(0)
            git.interrupt()
            assert own.stdout
            assert own.stdout.read() == b""

    with pytest.raises(GitInterrupted):
        wait_for_git()
    with pytest.raises(GitInterrupted):
        git.run(written.folder, "version")
