"""The object store in its kinds: a folder, an S3 service, and an S3 service behind a proxy that spoils requests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from framework.config import Config
from framework.storage.contract import ObjectStore
from framework.storage.folder import FolderStore
from framework.storage.retries import RetryPolicy
from framework.storage.s3 import S3Store
from framework.storage.s3_client import make_client
from tests.servers.backends.ceph import Ceph
from tests.servers.processes import HANG_SECONDS
from tests.servers.proxies.store_proxy import FaultyProxy

PATIENT = RetryPolicy(
    connect_timeout_seconds=HANG_SECONDS,
    read_timeout_seconds=HANG_SECONDS,
    deadline_seconds=HANG_SECONDS,
    first_pause_seconds=0.01,
)
"""Repeats a request that fails, and waits for an answer however busy the machine is."""
HASTY = RetryPolicy(read_timeout_seconds=0.5, deadline_seconds=HANG_SECONDS, first_pause_seconds=0.01)
"""Takes a request that is not answered soon for a lost one."""
IMPATIENT = RetryPolicy(
    read_timeout_seconds=1, deadline_seconds=1, first_pause_seconds=0.01, slowest_bytes_per_second=64 * 1024**2
)
"""Gives up soon."""


def hex_of(body: bytes) -> str:
    """The SHA-256 of these bytes."""
    return sha256(body).hexdigest()


@dataclass(frozen=True)
class Service:
    """An S3 service and one bucket of it, as settings."""

    ceph: Ceph
    bucket: str
    data: Path

    def settings(
        self, *, url: str | None = None, bucket: str | None = None, secret: str | None = None, key_id: str | None = None
    ) -> Config:
        """What the environment would say; each part can be wrong."""
        return Config(
            data=self.data,
            database_url="sqlite://",
            secret_key="unused",
            base_url="http://localhost",
            broker_url="filesystem://",
            s3_bucket=bucket or self.bucket,
            s3_endpoint_url=url or self.ceph.endpoint_url,
            s3_region=self.ceph.region,
            s3_access_key_id=key_id or self.ceph.access_key_id,
            s3_secret_access_key=secret or self.ceph.secret_access_key,
        )

    def keys(self) -> list[str]:
        """What the bucket holds, seen from outside."""
        lines = self.ceph.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [line["Key"] for line in lines]

    def unfinished_uploads(self) -> int:
        """How many multipart uploads lie about, seen from outside."""
        return len(self.ceph.client().list_multipart_uploads(Bucket=self.bucket).get("Uploads", []))


OpenStore = Callable[..., S3Store]


@pytest.fixture
def service(ceph: Ceph, bucket: str, tmp_path: Path) -> Service:
    """The S3 service with an empty bucket."""
    return Service(ceph, bucket, tmp_path)


@pytest.fixture
def open_store() -> Iterator[OpenStore]:
    """Opens stores with any settings and policy, and closes them in the end."""
    opened: list[S3Store] = []

    def open_one(settings: Config, policy: RetryPolicy = PATIENT, **options: int) -> S3Store:
        client = make_client(settings, policy)
        opened.append(S3Store(client, settings.s3_bucket or "", policy=policy, **options))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    """A folder as the store."""
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def s3(service: Service, open_store: OpenStore) -> S3Store:
    """A bucket as the store."""
    return open_store(service.settings())


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Each kind of store in turn: what is promised of one is promised of both."""
    made: ObjectStore = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def proxy(ceph: Ceph) -> Iterator[FaultyProxy]:
    """A proxy before the S3 service."""
    made = FaultyProxy(ceph.endpoint_url)
    yield made
    made.stop()


@pytest.fixture
def distant(service: Service, proxy: FaultyProxy, open_store: OpenStore) -> S3Store:
    """The bucket as seen through the proxy, by somebody who repeats."""
    return open_store(service.settings(url=proxy.url))


@pytest.fixture
def impatient(service: Service, proxy: FaultyProxy, open_store: OpenStore) -> S3Store:
    """The bucket as seen through the proxy, by somebody who gives up soon."""
    return open_store(service.settings(url=proxy.url), IMPATIENT)
