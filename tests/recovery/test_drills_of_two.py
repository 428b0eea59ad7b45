"""docs/recovery.md, where two deployments meet: nothing that either of them acknowledged is lost."""

import pytest

from tests.cast import PASSWORD
from tests.recovery.acts import objects, polled
from tests.recovery.conftest import NewStage
from tests.recovery.stage import COMMANDS_LOOK_SECONDS, Ledger, Stage, begin
from tests.servers.backends.ceph import ceph
from tests.servers.backends.postgres import postgres
from tests.servers.run import Run

BOTH_LOOK_SECONDS = 25
"""Within this time a second application has to start and store something, on a busy machine, too."""


@pytest.mark.long
@pytest.mark.drill("A staging application was started with production's bucket")
def test_a_staging_application(stage: Stage, new_stage: NewStage, run: Run) -> None:
    staging = new_stage()
    own, shared = staging.settings.s3_bucket or "", stage.settings.s3_bucket or ""
    ceph(run).empty_bucket(own)
    staging.shell.export(DATABASE_URL=postgres(run).new_database(), S3_BUCKET=shared)
    staging.start()
    before = objects(shared, run)
    staging.ledger = Ledger()
    begin(staging)
    assert staging.put("alice/website", "lost.txt", "nobody was told that this is stored\n")[0] == 503
    assert objects(shared, run) == before
    staging.play(NEW_BUCKET=own)
    staging.commit("alice/website", "after.txt", "in a bucket of its own\n")
    stage.commit("alice/website", "after.txt", "in production\n")
    for each in (stage, staging):
        each.check()


@pytest.mark.long
@pytest.mark.drill("Another database has taken over the bucket")
def test_a_bucket_that_was_taken(new_stage: NewStage, run: Run) -> None:
    stage, other = new_stage(), new_stage()
    stage.look_seconds = other.look_seconds = COMMANDS_LOOK_SECONDS
    stage.start()
    other.shell.export(DATABASE_URL=postgres(run).new_database(), S3_BUCKET=stage.settings.s3_bucket or "")
    other.flask("storage", "rebuild", "--take-over")
    other.set_password("alice", PASSWORD)
    other.start()
    other.ledger = Ledger(stage.ledger.versions, token=other.new_token())
    other.commit("alice/website", "other.txt", "stored with the other database\n")
    stage.commit_until_refused("alice/website")
    stage.play(acts={"Stop the other application.": other.stop})
    assert stage.call("GET", "/alice/website", stranger=True)[0] == 200, "visibility is as this database has it"
    stage.check()


@pytest.mark.long
@pytest.mark.drill("The database was copied, and the copy is in use")
def test_a_copied_database(new_stage: NewStage, run: Run) -> None:
    """Until one of them gives a sign of life, both acknowledge versions of the same number."""
    stage = new_stage()
    stage.look_seconds = BOTH_LOOK_SECONDS
    stage.start()
    stage.commit("alice/website", "before.txt", "before the copy\n")
    copy = new_stage()
    copy.look_seconds = BOTH_LOOK_SECONDS
    postgres(run).dump_database(stage.settings.database_url, copy.settings.database_url)
    copy.shell.export(S3_BUCKET=stage.settings.s3_bucket or "")
    copy.ledger = stage.ledger
    copy.start()
    copy.commit("alice/website", "other.txt", "stored with the copy\n")
    stage.commit("alice/website", "own.txt", "stored beside it\n")
    copy.flask("doctor", "fencing")
    stage.play(acts={"Stop the other application.": copy.stop})
    assert stage.call("GET", "/alice/website", stranger=True)[0] == 200
    stage.check()


@pytest.mark.long
@pytest.mark.drill("Rehearsing a rebuild next to production")
def test_a_rehearsal(new_stage: NewStage, run: Run) -> None:
    stage = new_stage()
    bucket, production = stage.settings.s3_bucket or "", stage.settings.database_url
    before = objects(bucket, run)
    back = {"Go back to production.": lambda: stage.shell.export(DATABASE_URL=production)}
    stage.look_seconds = COMMANDS_LOOK_SECONDS
    stage.start()
    with polled(stage):
        stage.play(acts=back, NEW_DATABASE_URL=postgres(run).new_database(migrated=False))
    assert objects(bucket, run) == before
    stage.commit("alice/website", "after.txt", "after the rehearsal\n")
    stage.check()
