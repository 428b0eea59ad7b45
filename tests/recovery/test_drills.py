"""docs/recovery.md: each situation is brought about, the document's own commands are run, and nothing is lost."""

import json
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from tests.recovery.conftest import NewStage
from tests.recovery.document import Commands, drills, left_to_the_reader, stand_ins
from tests.recovery.stage import COMMANDS_LOOK_SECONDS, Ledger, Stage, begin, found
from tests.recovery.web import Browser
from tests.servers.application import deployments
from tests.servers.backends.ceph import ceph
from tests.servers.backends.postgres import postgres
from tests.servers.backends.redis import new_redis_url
from tests.servers.processes import free_port
from tests.servers.proxies.gate import Gate
from tests.servers.run import Run

BROUGHT_ABOUT: list[str] = []
KEY, OTHER_KEY = secrets.token_hex(32), secrets.token_hex(32)
NEW_PASSWORD = "another-horse-battery"

Test = Callable[..., None]


def drill(heading: str) -> Callable[[Test], Test]:
    """The test brings this situation about."""
    BROUGHT_ABOUT.append(heading)
    return pytest.mark.drill(heading)


def test_every_situation_has_its_drill() -> None:
    assert sorted(BROUGHT_ABOUT) == sorted(drills())


def test_every_word_that_the_reader_replaces_is_explained() -> None:
    commands = [step for steps in drills().values() for step in steps if isinstance(step, Commands)]
    assert set().union(*(left_to_the_reader(each.typed) for each in commands)) == set(stand_ins())


@drill("A server's disk is gone")
def test_a_disk(stage: Stage) -> None:
    stage.stop()
    shutil.rmtree(stage.settings.data)
    stage.play()
    stage.check()


@pytest.mark.long
@drill("The broker is gone")
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
@drill("The object store does not answer")
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


@drill("The database is lost, and there is a backup")
def test_a_database(stage: Stage, run: Run) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.flask("backup")
    go_on(stage)
    stage.stop()
    postgres(run).drop_database(stage.settings.database_url)
    stage.play(NEW_DATABASE_URL=postgres(run).new_database(migrated=False))
    stage.check()


@pytest.mark.long
@drill("The database is lost, and so are the backups")
def test_a_database_and_its_backups(stage: Stage, run: Run) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.stop()
    postgres(run).drop_database(stage.settings.database_url)
    stage.play(NEW_DATABASE_URL=postgres(run).new_database(migrated=False), NEW_PASSWORD=NEW_PASSWORD)
    stage.ledger.private.add("alice/website")
    stage.check(password=NEW_PASSWORD)


@pytest.mark.long
@drill("The database was set back to an earlier moment")
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
@drill("Objects are missing or damaged, and the bucket keeps versions")
def test_objects_with_versions(stage: Stage, run: Run) -> None:
    client, bucket = ceph(run).client(), stage.settings.s3_bucket or ""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    newest = max(line["LastModified"] for line in client.list_objects_v2(Bucket=bucket)["Contents"])
    damage(stage, run)
    stage.play(MOMENT=newest.isoformat())
    stage.check()


@pytest.mark.long
@drill("Objects are missing or damaged, and another bucket has a copy")
def test_objects_with_a_copy(stage: Stage, run: Run) -> None:
    copy = ceph(run).new_bucket()
    ceph(run).copy_bucket(stage.settings.s3_bucket or "", copy)
    damage(stage, run)
    stage.play(COPY_BUCKET=copy)
    stage.check()


@pytest.mark.long
@drill("The bucket has to move to another provider")
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
@drill("Moving from a computer at home to the cloud")
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
@drill("A project was deleted by mistake")
def test_a_project_in_the_trash(stage: Stage) -> None:
    assert stage.call("DELETE", "/api/v1/projects/alice/website")[0] == 204
    stage.play()
    stage.check()


@pytest.mark.long
@drill("A project was deleted for good")
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
@drill("SECRET_KEY has leaked")
def test_a_secret_key(stage: Stage) -> None:
    browser = Browser(stage.url)
    browser.submit("/login", username="alice", password=PASSWORD)
    assert "alice@example.org" in browser.get("/settings")
    stage.play(OLD_SESSION=browser.cookie("session"))
    stage.check()


@pytest.mark.long
@drill("SECRET_KEY has to be rotated")
def test_a_new_secret_key(stage: Stage) -> None:
    browser = Browser(stage.url)
    browser.submit("/login", username="alice", password=PASSWORD)
    stage.play(OLD_SESSION=browser.cookie("session"))
    stage.check()


@pytest.mark.long
@drill("BACKUP_KEY is lost")
def test_a_backup_key(stage: Stage) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.flask("backup")
    stage.shell.export(BACKUP_KEY=OTHER_KEY)
    stage.play()
    stage.check()


@pytest.mark.long
@drill("A staging application was started with production's bucket")
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
@drill("Another database has taken over the bucket")
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
@drill("The database was copied, and the copy is in use")
def test_a_copied_database(stage: Stage, new_stage: NewStage, run: Run) -> None:
    """Until one of them gives a sign of life, both acknowledge versions of the same number."""
    stage.commit("alice/website", "before.txt", "before the copy\n")
    copy = new_stage()
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
@drill("Rehearsing a rebuild next to production")
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


@drill("Nobody can sign in as an administrator")
def test_an_administrator(stage: Stage) -> None:
    stage.play(NEW_PASSWORD=NEW_PASSWORD)
    browser = Browser(stage.url)
    browser.submit("/login", username="alice", password=NEW_PASSWORD)
    assert "alice" in browser.get("/admin")
    stage.check(password=NEW_PASSWORD)


@drill("A release has to be rolled back")
def test_a_release(stage: Stage, run: Run) -> None:
    def install_the_earlier() -> None:
        with psycopg.connect(plain_url(stage.settings.database_url)) as connection:
            connection.execute("ALTER TABLE projects ADD COLUMN colour text")
            connection.execute("UPDATE alembic_version SET version_num = 'from a later release'")

    stage.play(acts={"Install the earlier release.": install_the_earlier})
    stage.commit("alice/website", "after.txt", "after the rollback\n")
    stage.check()


@drill("The service has to be stopped for an hour")
def test_a_pause(stage: Stage) -> None:
    stage.shell.export(BACKUP_KEY=KEY)
    stage.play()
    stage.commit("alice/website", "after.txt", "an hour later\n")
    stage.check()


def go_on(stage: Stage) -> None:
    """What a backup does not know: a version, a project that was hidden, and one that is new."""
    stage.commit("alice/website", "after.txt", "after the backup\n")
    stage.make_private("alice/website")
    stage.create("alice/later", "public")
    stage.commit("alice/later", "new.txt", "of a project that no backup knows\n")
    stage.ledger.private.add("alice/later")


def plain_url(database_url: str) -> str:
    """The address as psycopg takes it."""
    return database_url.replace("+psycopg", "")


def damage(stage: Stage, run: Run) -> None:
    """Take a whole pack of one project away, alter one of the other, with an entry of its log; no copy is left here."""
    client, bucket = ceph(run).client(), stage.settings.s3_bucket or ""
    secret, website = objects_of("secret", bucket, run), objects_of("website", bucket, run)
    missing = first(secret, ".pack").removesuffix(".pack")
    for key in (f"{missing}.pack", f"{missing}.idx", first(website, ".json")):
        client.delete_object(Bucket=bucket, Key=key)
    altered = first(website, ".pack")
    size = client.head_object(Bucket=bucket, Key=altered)["ContentLength"]
    client.put_object(Bucket=bucket, Key=altered, Body=bytes(size))
    stage.flask("storage", "evict", "--all")


def objects_of(name: str, bucket: str, run: Run) -> list[str]:
    """The keys of everything that belongs to the project of this name, as its log tells."""
    client, keys = ceph(run).client(), objects(bucket, run)
    for entry in (key for key in keys if key.endswith(".json")):
        if json.loads(client.get_object(Bucket=bucket, Key=entry)["Body"].read())["project"]["name"] == name:
            return [key for key in keys if key.startswith(entry.partition("log/")[0])]
    raise AssertionError(name)


def first(keys: list[str], suffix: str) -> str:
    """The first key with this end."""
    return next(key for key in keys if key.endswith(suffix))


def new_store(run: Run, bucket: str) -> dict[str, str]:
    """What the document calls the new bucket."""
    store = ceph(run)
    return {
        "NEW_BUCKET": bucket,
        "NEW_ENDPOINT": store.endpoint_url,
        "NEW_REGION": store.region,
        "NEW_KEY_ID": store.access_key_id,
        "NEW_SECRET": store.secret_access_key,
    }


def objects(bucket: str, run: Run) -> list[str]:
    """The keys of everything that is in a bucket, other than the signs of life of its owner."""
    listed = ceph(run).client().list_objects_v2(Bucket=bucket)["Contents"]
    return [key for line in listed if not (key := line["Key"]).startswith("deployment/")]


@contextmanager
def polled(stage: Stage) -> Iterator[None]:
    """A balancer asks all the while whether the server is ready, so that it gives signs of life."""
    ended = threading.Event()

    def poll() -> None:
        while not ended.wait(0.2):
            assert stage.call("GET", "/readyz", stranger=True)[0] == 200

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
