"""Two databases on one bucket: whatever commands are given, nothing acknowledged is lost and nothing private opens."""

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.database.session import read_transaction
from framework.health.examination import NotWell
from framework.health.fencing import check_fencing
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.adoption import restore_recorded_project
from framework.projects.lifecycle.operations import update_project
from framework.projects.models import Project
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.journal import divergence
from framework.repositories.journal.divergence import DatabaseBehind
from framework.repositories.journal.keys import list_journal
from framework.repositories.journal.writer import NotConfirmed
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Repository
from framework.repositories.recovery.recovery import recover
from framework.storage.current import ownership, store
from framework.storage.ownership.refusals import NotOwner
from tests.cast import SignIn, on_each_deployment_in_full, posted_texts
from tests.cli.conftest import Flasks
from tests.repositories.conftest import Bench
from tests.servers.application.owners import Owners

pytestmark = on_each_deployment_in_full

FilesOf = Callable[[ProjectAccess], Bench]
LARGE = b"large" * 300_000


@pytest.fixture
def files(owners: Owners, website: ProjectAccess, files_of: FilesOf) -> Bench:
    """A public project of the first database with two versions."""
    bench = files_of(website)
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    return bench


def stored() -> list[str]:
    return [entry.key for entry in store().list("repos/")]


def visibilities() -> list[str]:
    with read_transaction() as session:
        return list(session.scalars(select(Project.visibility)))


def branches(bench: Bench) -> Mapping[str, str]:
    return read_snapshot(bench.repository_id).branches


def rebuild_beside(bench: Bench) -> None:
    """What `flask storage rebuild` did to one repository before buckets had owners: it wrote an epoch of its own."""
    recover(bench.repository_id, list_journal(bench.repository_id), restore_recorded_project)


def test_a_rebuild_beside_a_living_deployment_is_refused_and_writes_nothing(
    flask: Flasks, owners: Owners, files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored()
    with owners.other():
        look = ownership()._bucket.list

        def look_after_the_owner() -> object:
            with owners.other():
                ownership().look(renew=True)
            return look()

        monkeypatch.setattr(ownership()._bucket, "list", look_after_the_owner)
        output = flask("storage", "rebuild", status=1).output
        assert "--dry-run" in output
        assert "--take-over" in output
        assert visibilities() == []
    assert stored() == before
    files.write(files.put("a", b"3"))
    assert files.read("a") == b"3"


@pytest.mark.parametrize("option", ["--rehearse", "--dry-run"])
def test_a_rehearsal_says_what_would_come_back_and_writes_nothing(
    flask: Flasks, owners: Owners, files: Bench, option: str
) -> None:
    before = [entry.key for entry in store().list("")]
    with owners.other():
        assert flask("storage", "rebuild", option).output == (
            "alice/website would come back with 2 versions; it is private.\nLooked at 1 project; nothing was written.\n"
        )
        assert visibilities() == []
    assert flask("storage", "resume", option).output == "Looked at 1 project; nothing was written.\n"
    assert [entry.key for entry in store().list("")] == before


def test_a_take_over_moves_everything_and_stops_the_former_owner(flask: Flasks, owners: Owners, files: Bench) -> None:
    with owners.other():
        output = flask("storage", "rebuild", "--take-over").output
        assert "alice/website came back with 2 versions; it is private." in output
        files.write(files.put("b", b"by the new owner"))
    with pytest.raises(NotOwner):
        files.write(files.put("b", b"by the former one"))
    assert files.read("a") == b"2", "it can still be read"
    with pytest.raises(NotWell, match=r"no project can be written to.*--take-over"):
        check_fencing()


def test_the_doctor_readyz_and_the_administrators_page_tell_who_may_not_write(
    flask: Flasks, owners: Owners, alice: Account, signed_in: SignIn
) -> None:
    flask("users", "promote", "alice")
    with owners.other():
        ownership().take_over(force=True)
    owners.start_anew()
    visitor = signed_in(alice)
    ready = visitor.get("/readyz")
    told = [flask("doctor", "fencing", status=1).output, ready.get_json()["writing"], visitor.get("/admin").text]
    assert ready.status_code == 503
    assert all("no project can be written to" in words for words in told)
    assert all("flask storage resume --take-over" in words for words in told)


def test_a_project_that_cannot_be_written_to_takes_nobody_from_the_others(
    flask: Flasks, files: Bench, alice: Account, signed_in: SignIn
) -> None:
    flask("users", "promote", "alice")
    divergence.note_diverged(files.repository_id)
    visitor = signed_in(alice)
    ready = visitor.get("/readyz")
    told = [flask("doctor", "fencing", status=1).output, ready.get_json()["writing"], visitor.get("/admin").text]
    assert ready.status_code == 200
    assert all("1 project cannot be written to" in words and "flask storage resume" in words for words in told)


def test_what_both_acknowledged_is_kept_by_a_resume(
    flask: Flasks, owners: Owners, files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild wrote into the live journal, and production went on: both lines stay, and what is public stays so."""
    with monkeypatch.context() as before_owners:
        before_owners.setattr(store(), "_permit", None)
        with owners.other():
            before_owners.setattr(store(), "_permit", None)
            rebuild_beside(files)
            files.write(files.put("b", b"by the rehearsal"), files.put("large", LARGE))
            assert visibilities() == ["private"]
    files.write(files.put("a", b"3"))
    divergence._written.clear()
    with pytest.raises(DatabaseBehind):
        files.write(files.put("a", b"4"))
    with pytest.raises(NotWell, match="1 project cannot be written to"):
        check_fencing()

    lines = flask("storage", "resume").output.splitlines()
    assert lines[-1] == "Looked at 1 project."
    assert "alice/website: another database wrote 2 versions beside this one's." in lines[-2]
    [recovered] = [name for name in branches(files) if name.startswith("recovered/")]
    assert recovered in lines[-2]
    assert (files.read("a"), files.read("b", recovered), files.read("large", recovered)) == (
        b"3",
        b"by the rehearsal",
        LARGE,
    )
    assert visibilities() == ["public"]
    assert any(recovered in text for text in posted_texts()), "the owner is told by mail"
    files.write(files.put("a", b"5"))
    assert verify(files.repository_id).faults == ()
    assert check_fencing()
    assert flask("storage", "resume").output == "Looked at 1 project.\n", "once is enough"


def test_a_rehearsal_that_changed_nothing_leaves_no_branch(
    flask: Flasks, owners: Owners, files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owners.other(), monkeypatch.context() as before_owners:
        before_owners.setattr(store(), "_permit", None)
        rebuild_beside(files)
    files.write(files.put("a", b"3"))
    flask("storage", "resume")
    assert list(branches(files)) == ["main"]
    assert (files.read("a"), visibilities()) == (b"3", ["public"])


def test_a_database_that_did_not_go_on_keeps_its_visibility(
    flask: Flasks, owners: Owners, files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rehearsal's version follows production's newest one; that it is private there is nobody's decision."""
    with owners.other(), monkeypatch.context() as before_owners:
        before_owners.setattr(store(), "_permit", None)
        rebuild_beside(files)
    flask("storage", "resume")
    assert visibilities() == ["public"]


def test_the_collector_leaves_the_packs_of_another_line_alone(
    owners: Owners, files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owners.other(), monkeypatch.context() as before_owners:
        before_owners.setattr(store(), "_permit", None)
        rebuild_beside(files)
        files.write(files.put("b", b"by the other"))
    files.write(files.put("a", b"3"))
    before = stored()
    [left] = list(collect(0))
    assert left.left_because
    assert stored() == before
    with read_transaction() as session:
        assert session.get_one(Repository, files.repository_id).diverged_at is not None


def test_a_late_entry_of_a_former_owner_is_not_acknowledged_and_not_lost(
    flask: Flasks, owners: Owners, files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket is taken over while the entry is on its way: whoever took it over has read the journal before."""
    real = store()._put

    def take_over_before_the_entry(key: str, source: object, sha256: str) -> None:
        if "/log/" in key:
            monkeypatch.setattr(store(), "_put", real)
            with owners.other():
                flask("storage", "rebuild", "--take-over")
        real(key, source, sha256)  # type: ignore[arg-type]

    monkeypatch.setattr(store(), "_put", take_over_before_the_entry)
    with pytest.raises(NotConfirmed, match="not yet confirmed"):
        files.write(files.put("a", b"late"))
    with owners.other():
        assert files.read("a") == b"2"
        [left] = list(collect(0))
        assert left.left_because, "its packs look like orphans to the new owner"
        flask("storage", "resume")
        [recovered] = [name for name in branches(files) if name.startswith("recovered/")]
        assert files.read("a", recovered) == b"late"
        assert verify(files.repository_id).faults == ()


def test_a_copy_of_the_database_and_its_original_keep_what_both_acknowledged(
    flask: Flasks, owners: Owners, files: Bench
) -> None:
    owners.keep_permission()
    owners.copy_database()
    with owners.other():
        owners.keep_permission()
        files.write(files.put("copy", b"by the copy"))
        ownership().look(renew=True)
    files.write(files.put("original", b"by the original"))
    owners.start_anew()
    with pytest.raises(NotOwner):
        files.write(files.put("original", b"no more"))
    flask("storage", "resume", "--take-over")
    [recovered] = [name for name in branches(files) if name.startswith("recovered/")]
    assert files.read("original") == b"by the original"
    assert files.read("copy", recovered) == b"by the copy"
    with owners.other():
        owners.start_anew()
        with pytest.raises(NotOwner):
            files.write(files.put("copy", b"no more"))


def test_what_was_pushed_while_the_project_was_private_is_not_shown(
    flask: Flasks, owners: Owners, files: Bench, alice: Account, website: ProjectAccess
) -> None:
    """The copy made it private and stored a secret; the original, which goes on, knows it as public."""
    owners.keep_permission()
    owners.copy_database()
    with owners.other():
        owners.keep_permission()
        update_project(alice, website, name="website", description="", visibility="private")
        files.write(files.put("secret", b"hidden"))
        ownership().look(renew=True)
    files.write(files.put("a", b"3"))
    flask("storage", "resume", "--take-over")
    assert any(name.startswith("recovered/") for name in branches(files))
    assert visibilities() == ["private"]


def test_a_loser_whose_pack_is_gone_is_told_and_stays_an_alarm(
    flask: Flasks, owners: Owners, files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owners.other(), monkeypatch.context() as before_owners:
        before_owners.setattr(store(), "_permit", None)
        rebuild_beside(files)
        known = set(stored())
        files.write(files.put("b", b"by the other"))
        [pack] = [key for key in stored() if key not in known and key.endswith(".pack")]
    files.write(files.put("a", b"3"))
    store().delete(pack)
    output = flask("storage", "resume", status=1).output
    assert "cannot be kept: its pack" in output
    assert files.read("a") == b"3"
    [left] = list(collect(0))
    assert left.left_because
