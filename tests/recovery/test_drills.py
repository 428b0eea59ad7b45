"""docs/recovery.md: each situation is brought about, the document's own commands are run, and nothing is lost."""

import re
import secrets
import shutil
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from framework import config
from framework.database.session import read_transaction
from framework.projects.lifecycle.deletion import delete_for_good
from framework.projects.models import Project
from tests.cast import PASSWORD
from tests.githttp.client import Person
from tests.recovery.acts import damage, go_on, new_store, plain_url
from tests.recovery.conftest import NewStage
from tests.recovery.document import Commands, drills, left_to_the_reader, stand_ins
from tests.recovery.stage import Stage, found
from tests.recovery.web import Browser
from tests.servers.application import deployments
from tests.servers.backends.ceph import ceph
from tests.servers.backends.postgres import postgres
from tests.servers.backends.redis import new_redis_url
from tests.servers.processes import free_port
from tests.servers.proxies.gate import Gate
from tests.servers.run import Run

KEY, OTHER_KEY = secrets.token_hex(32), secrets.token_hex(32)
NEW_PASSWORD = "another-horse-battery"


def test_every_situation_has_its_drill() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert sorted(re.findall(r'^@pytest\.mark\.drill\("(.+)"\)$', tests, re.MULTILINE)) == sorted(drills())


def test_every_word_that_the_reader_replaces_is_explained() -> None:
    commands = [step for steps in drills().values() for step in steps if isinstance(step, Commands)]
    assert set().union(*(left_to_the_reader(each.typed) for each in commands)) == set(stand_ins())


@pytest.mark.long
@pytest.mark.drill("A server's disk is gone")
def test_a_disk(stage: Stage) -> None:
    stage.stop()
    shutil.rmtree(stage.settings.data)
    stage.play()
    stage.check()


@pytest.mark.long
@pytest.mark.drill("The broker is gone")
def test_a_broker(new_stage: NewStage, run: Run) -> None:
    stage = new_stage()
    outbox = stage.settings.data / "outbox"
    stage.shell.export(BROKER_URL=f"redis://127.0.0.1:{free_port()}/0")
    stage.start()
    Browser(stage.url).submit("/forgot", email="alice@example.org")
    assert stage.call("GET", "/readyz")[0] == 503
    stage.with_worker = True
    stage.play(NEW_BROKER_URL=new_redis_url(run))
    stage.wait_until(lambda: "To: alice@example.org" in "".join(mail.read_text() for mail in outbox.glob("*.eml")))
    stage.check()


@pytest.mark.long
@pytest.mark.drill("The object store does not answer")
def test_an_object_store(new_stage: NewStage, run: Run) -> None:
    stage, gate = new_stage(), Gate(ceph(run).endpoint_url)
    stage.shell.export(S3_ENDPOINT_URL=gate.url)
    stage.start()
    with ExitStack() as shut:
        shut.enter_context(gate.shut())
        assert stage.put("alice/website", "lost.txt", "nobody was told that this is stored\n")[0] == 503
        stage.play(acts={"Wait until the provider has repaired it.": shut.close})
    stage.commit("alice/website", "after.txt", "after that\n")
    stage.check()
    gate.close()


@pytest.mark.long
@pytest.mark.drill("The database is lost, and there is a backup")
def test_a_database(stage: Stage, run: Run) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.flask("backup")
    go_on(stage)
    stage.stop()
    postgres(run).drop_database(stage.settings.database_url)
    stage.play(NEW_DATABASE_URL=postgres(run).new_database(migrated=False))
    stage.check()


@pytest.mark.long
@pytest.mark.drill("The database is lost, and so are the backups")
def test_a_database_and_its_backups(stage: Stage, run: Run) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.stop()
    postgres(run).drop_database(stage.settings.database_url)
    stage.play(NEW_DATABASE_URL=postgres(run).new_database(migrated=False), NEW_PASSWORD=NEW_PASSWORD)
    stage.ledger.private.add("alice/website")
    stage.check(password=NEW_PASSWORD)


@pytest.mark.long
@pytest.mark.drill("The database was set back to an earlier moment")
def test_an_earlier_database(new_stage: NewStage, run: Run) -> None:
    stage, database = new_stage(), postgres(run)
    before = database.new_database(migrated=False)
    database.copy_database(stage.settings.database_url, before)
    stage.start()
    go_on(stage)
    stage.stop()
    database.copy_database(before, stage.settings.database_url)
    stage.start()
    assert stage.put("alice/website", "lost.txt", "nobody was told that this is stored\n")[0] == 503
    stage.play()
    stage.check()


@pytest.mark.long
@pytest.mark.drill("Objects are missing or damaged, and the bucket keeps versions")
def test_objects_with_versions(stage: Stage, run: Run) -> None:
    client, bucket = ceph(run).client(), stage.settings.s3_bucket or ""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    newest = max(line["LastModified"] for line in client.list_objects_v2(Bucket=bucket)["Contents"])
    damage(stage, run)
    stage.play(MOMENT=newest.isoformat())
    stage.check()


@pytest.mark.long
@pytest.mark.drill("Objects are missing or damaged, and another bucket has a copy")
def test_objects_with_a_copy(stage: Stage, run: Run) -> None:
    copy = ceph(run).new_bucket()
    ceph(run).copy_bucket(stage.settings.s3_bucket or "", copy)
    damage(stage, run)
    stage.play(COPY_BUCKET=copy)
    stage.check()


@pytest.mark.long
@pytest.mark.drill("The bucket has to move to another provider")
def test_a_bucket(stage: Stage, run: Run) -> None:
    def stop() -> None:
        stage.commit("alice/website", "late.txt", "after most of it was copied\n")
        stage.stop()

    bucket = ceph(run).new_bucket()
    stage.play(acts={"Stop every process.": stop}, **new_store(run, bucket))
    ceph(run).remove_bucket(stage.settings.s3_bucket or "")
    stage.check()
    ceph(run).client().create_bucket(Bucket=stage.settings.s3_bucket or "")


@pytest.mark.long
@pytest.mark.drill("Moving from a computer at home to the cloud")
def test_a_move_to_a_cloud(run: Run, programs: Path, tmp_path: Path) -> None:
    with (
        deployments.embedded(run, tmp_path / "home") as home,
        deployments.production_like(run, tmp_path / "cloud") as cloud,
    ):
        stage = Stage(run, home, programs=programs, heading="Moving from a computer at home to the cloud")
        stage.start()
        found(stage)
        arrive = {"Go to the new deployment.": lambda: stage.shell.export(**stage.variables_of(cloud))}
        stage.play(acts=arrive, **new_store(run, cloud.s3_bucket or ""))
        stage.check()
        stage.end()


@pytest.mark.long
@pytest.mark.drill("A project was deleted by mistake")
def test_a_project_in_the_trash(stage: Stage) -> None:
    assert stage.call("DELETE", "/api/v1/projects/alice/website")[0] == 204
    stage.play()
    stage.check()


@pytest.mark.long
@pytest.mark.drill("A project was deleted for good")
def test_a_deleted_project(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = Person("alice", stage.folder, stage.url)
    clone = alice.clone("alice/website", "clone")
    alice.git("config", "--global", "credential.helper", "store")
    (stage.folder / ".git-credentials").write_text(alice.address("").removesuffix("/.git").replace(" ", "%20"))
    assert stage.call("DELETE", "/api/v1/projects/alice/website")[0] == 204
    monkeypatch.setattr(config, "_current", stage.settings)
    with read_transaction() as session:
        [project_id] = session.scalars(select(Project.id).where(Project.trashed_at.is_not(None))).all()
    delete_for_good(project_id)
    deployments.leave()
    stage.ledger.private.add("alice/website")
    stage.play(CLONE=str(clone.folder))
    stage.check()


@pytest.mark.long
@pytest.mark.drill("SECRET_KEY has leaked")
def test_a_secret_key(stage: Stage) -> None:
    browser = Browser(stage.url)
    browser.submit("/login", username="alice", password=PASSWORD)
    assert "alice@example.org" in browser.get("/settings")
    stage.play(OLD_SESSION=browser.cookie("session"))
    stage.check()


@pytest.mark.long
@pytest.mark.drill("SECRET_KEY has to be rotated")
def test_a_new_secret_key(stage: Stage) -> None:
    browser = Browser(stage.url)
    browser.submit("/login", username="alice", password=PASSWORD)
    stage.play(OLD_SESSION=browser.cookie("session"))
    stage.check()


@pytest.mark.long
@pytest.mark.drill("BACKUP_KEY is lost")
def test_a_backup_key(stage: Stage) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.flask("backup")
    stage.shell.export(BACKUP_KEY=OTHER_KEY)
    stage.play()
    stage.check()


@pytest.mark.long
@pytest.mark.drill("A backup has to be read without Holdfast")
def test_a_backup_without_us(stage: Stage, tmp_path: Path) -> None:
    stage.shell.export(BACKUP_KEY=KEY, HOME=str(tmp_path))
    stage.play()
    assert (tmp_path / "backup-identity.txt").stat().st_mode & 0o777 == 0o600
    stage.check()


@pytest.mark.long
@pytest.mark.drill("Nobody can sign in as an administrator")
def test_an_administrator(stage: Stage) -> None:
    stage.play(NEW_PASSWORD=NEW_PASSWORD)
    browser = Browser(stage.url)
    browser.submit("/login", username="alice", password=NEW_PASSWORD)
    assert "alice" in browser.get("/admin")
    stage.check(password=NEW_PASSWORD)


@pytest.mark.long
@pytest.mark.drill("A release has to be rolled back")
def test_a_release(stage: Stage, run: Run) -> None:
    def install_the_earlier() -> None:
        with psycopg.connect(plain_url(stage.settings.database_url)) as connection:
            connection.execute("ALTER TABLE projects ADD COLUMN colour text")
            connection.execute("UPDATE alembic_version SET version_num = 'from a later release'")

    stage.play(acts={"Install the earlier release.": install_the_earlier})
    stage.commit("alice/website", "after.txt", "after the rollback\n")
    stage.check()


@pytest.mark.long
@pytest.mark.drill("The service has to be stopped for an hour")
def test_a_pause(stage: Stage) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.play()
    stage.commit("alice/website", "after.txt", "an hour later\n")
    stage.check()
