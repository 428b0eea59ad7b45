"""A private Ceph of one monitor and one memory-backed disk, its S3 gateway, and a fresh bucket for whoever asks."""

import os
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config as ClientConfig

from tests.servers.processes import MARK, free_port
from tests.servers.programs import program
from tests.servers.run import Facts, Run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY_ID = "testaccess"
SECRET_ACCESS_KEY = "testsecret123"  # a throw-away server on the loopback interface
REGION = "us-east-1"
CHEAP_CLASS = "STANDARD_IA"

# No authentication inside the cluster, hence `crc` everywhere: the gateway hangs otherwise. `tcp_nodelay`: a small
# GET would take 44 ms. No clean-up waits: what tests delete is gone within seconds, and so is its memory.
_CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor}]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
ms bind msgr1 = false
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
auth supported = none
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
ms client mode = crc
ms service mode = crc
ms cluster mode = crc
run dir = {folder}/run
crash dir = {folder}/crash
admin socket =
log file = {folder}/$name.log
pid file = {folder}/run/$name.pid
log to syslog = false
keyring = {folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
mon warn on insecure global id reclaim = false
mon warn on insecure global id reclaim allowed = false
ms dispatch throttle bytes = 0
[mon]
mon tick interval = 1
mon data = {folder}/mon
mon cluster log file = {folder}/cluster.log
paxos min wait = 0.001
paxos propose interval = 0.01
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 8589934592
osd memory target = 939524096
osd max object name len = 2048
osd class default list = *
osd class load list = *
osd heartbeat grace = 120
osd op num shards = 2
osd op num threads per shard = 1
[client]
rgw thread pool size = 64
rgw frontends = beast endpoint=127.0.0.1:{gateway} tcp_nodelay=1
rgw data = {folder}/rgw
rgw run sync thread = false
rgw override bucket index max shards = 1
rgw dynamic resharding = false
rgw dns name = localhost
rgw enable usage log = false
rgw gc obj min wait = 1
rgw gc processor period = 5
rgw gc processor max time = 60
rgw enable apis = s3, admin
"""


@dataclass(frozen=True)
class Ceph:
    """The gateway, and the keys of its one user."""

    endpoint_url: str
    run: Run
    region: str = REGION
    access_key_id: str = ACCESS_KEY_ID
    secret_access_key: str = SECRET_ACCESS_KEY

    def client(self) -> "S3Client":
        """A plain client, to look from outside at what the project has stored; one for the whole process."""
        return _client(self.endpoint_url)

    def new_bucket(self) -> str:
        """The name of an empty bucket."""
        name = f"test-{self.run.number('bucket')}"
        self.client().create_bucket(Bucket=name)
        return name

    def copy_bucket(self, source: str, target: str) -> None:
        """Copy every object from one bucket to another."""
        client = self.client()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=source):
            for line in page.get("Contents", []):
                client.copy_object(Bucket=target, Key=line["Key"], CopySource={"Bucket": source, "Key": line["Key"]})

    def remove_bucket(self, name: str) -> None:
        """Remove the bucket and everything in it: the server keeps every byte in memory."""
        self.empty_bucket(name)
        self.client().delete_bucket(Bucket=name)

    def empty_bucket(self, name: str) -> None:
        """Remove everything in the bucket, older versions too."""
        client = self.client()
        with ThreadPoolExecutor(max_workers=8) as pool:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
                keys = [line["Key"] for line in page.get("Contents", [])]
                list(pool.map(lambda key: client.delete_object(Bucket=name, Key=key), keys))
            for older in client.get_paginator("list_object_versions").paginate(Bucket=name):
                for line in [*older.get("Versions", []), *older.get("DeleteMarkers", [])]:
                    client.delete_object(Bucket=name, Key=line["Key"], VersionId=line["VersionId"])
        for upload in client.list_multipart_uploads(Bucket=name).get("Uploads", []):
            client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])


@cache
def _client(endpoint_url: str) -> "S3Client":
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=ClientConfig(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )


def ceph(run: Run) -> Ceph:
    """The run's Ceph, started when it is not there yet."""
    return Ceph(run.shared("ceph", _start)["endpoint_url"], run)


def _start(run: Run) -> Facts:
    folder, monitor, gateway = run.data("ceph"), free_port(), free_port()
    fsid, disk = str(uuid.uuid4()), str(uuid.uuid4())
    for name in ("mon", "osd", "rgw", "run", "crash"):
        (folder / name).mkdir()
    configuration = folder / "ceph.conf"
    configuration.write_text(_CONFIGURATION.format(fsid=fsid, folder=folder, monitor=monitor, gateway=gateway))
    conf = ("-c", str(configuration))
    _prepare_monitor(run, conf, fsid, monitor)
    run.start("ceph-mon", [program("ceph-mon"), *conf, "-i", "a", "-f"])
    _once(run, "ceph", *conf, "--connect-timeout", "300", "osd", "new", disk, "0")
    _once(run, "ceph-osd", *conf, "-i", "0", "--mkfs", "--osd-uuid", disk)
    osd = run.start("ceph-osd", [program("ceph-osd"), *conf, "-i", "0", "-f"])
    osd.wait_until(lambda: "1 up" in _once(run, "ceph", *conf, "osd", "stat"))
    keys = (f"--access-key={ACCESS_KEY_ID}", f"--secret-key={SECRET_ACCESS_KEY}")
    _once(run, "radosgw-admin", *conf, "user", "create", "--uid=test", "--display-name=test", *keys)
    _add_class(run, conf)
    rgw = run.start("radosgw", [program("radosgw"), *conf, "-n", "client.admin", "-f"])
    rgw.wait_until(lambda: _answers(gateway))
    return {"endpoint_url": f"http://127.0.0.1:{gateway}"}


def _add_class(run: Run, conf: tuple[str, str]) -> None:
    """A second storage class, in a pool of its own; the gateway reads of it when it starts."""
    place = ("--placement-id=default-placement", f"--storage-class={CHEAP_CLASS}")
    _once(run, "radosgw-admin", *conf, "zonegroup", "placement", "add", "--rgw-zonegroup=default", *place)
    pool = "--data-pool=default.rgw.cheap.data"
    _once(run, "radosgw-admin", *conf, "zone", "placement", "add", "--rgw-zone=default", *place, pool)


def _prepare_monitor(run: Run, conf: tuple[str, str], fsid: str, port: int) -> None:
    folder = run.data("ceph")
    ring, plan = str(folder / "keyring"), str(folder / "monmap")
    rights = [text for part in ("mon", "osd", "mgr") for text in ("--cap", part, "allow *")]
    _once(run, "ceph-authtool", "--create-keyring", ring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    _once(run, "ceph-authtool", ring, "--gen-key", "-n", "client.admin", *rights)
    _once(run, "monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{port}]", plan)
    _once(run, "ceph-mon", *conf, "-i", "a", "--mkfs", "--monmap", plan, "--keyring", ring)


def _once(run: Run, name: str, *arguments: str) -> str:
    """What one of Ceph's commands prints; its complaints go to the log."""
    log = run.folder / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as errors:
        done = subprocess.run(
            [program(name), *arguments],
            check=True,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", MARK: str(run.folder)},
        )
    return done.stdout


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
