"""What drills do to a deployment, and look at."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.recovery.stage import Stage
from tests.servers.backends.ceph import ceph
from tests.servers.run import Run


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
    for key in (first(secret, ".pack"), first(website, ".json")):
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
