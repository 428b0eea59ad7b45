"""A bucket as a folder: s3fs-fuse and `rclone mount`, each in the foreground as a process of ours."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks.peers.programs import Absent, find_program
from benchmarks.setting.running import free_port

DEVICE = Path("/dev/fuse")
MOUNTS_WITHIN_SECONDS = 60
POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Bucket:
    """A bucket, and who may write to it."""

    endpoint_url: str
    name: str
    access_key_id: str
    secret_access_key: str
    region: str

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that AWS' libraries read."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
        }


@dataclass(frozen=True)
class Mount:
    """A folder that is a bucket, the process that serves it, and how to wait until all that was written is stored."""

    folder: Path
    process_id: int
    wait_until_stored: Callable[[], None]


@contextmanager
def mount_s3fs(bucket: Bucket, folder: Path) -> Iterator[Mount]:
    """The bucket in s3fs, which stores a file when it is closed; `folder` is for its files.

    Raises:
        Absent: it cannot run on this machine.
    """
    password = folder / "password"
    password.write_text(f"{bucket.access_key_id}:{bucket.secret_access_key}")
    password.chmod(0o600)
    place = folder / "s3fs"
    options = ["use_path_request_style", f"url={bucket.endpoint_url}", f"passwd_file={password}"]
    command = [
        find_program("s3fs"),
        bucket.name,
        str(place),
        "-f",
        *(part for each in options for part in ("-o", each)),
    ]
    with _mounted(command, place, {}) as process_id:
        yield Mount(place, process_id, lambda: None)


@contextmanager
def mount_rclone(bucket: Bucket, folder: Path) -> Iterator[Mount]:
    """The bucket in `rclone mount`, with the full cache that Git's renames and maps need, stored without delay.

    Raises:
        Absent: it cannot run on this machine.
    """
    place, port = folder / "rclone", free_port()
    variables = {
        **bucket.environment,
        "RCLONE_CONFIG": str(folder / "rclone.conf"),
        "RCLONE_S3_PROVIDER": "Other",
        "RCLONE_S3_ENV_AUTH": "true",
        "RCLONE_S3_ENDPOINT": bucket.endpoint_url,
        "RCLONE_S3_REGION": bucket.region,
        "RCLONE_S3_NO_CHECK_BUCKET": "true",
    }
    cache = ["--vfs-cache-mode", "full", "--vfs-write-back", "0s", "--cache-dir", str(folder / "cache")]
    remote = ["--rc", "--rc-no-auth", "--rc-addr", f"127.0.0.1:{port}"]
    command = [find_program("rclone"), "mount", f":s3:{bucket.name}", str(place), *cache, *remote]
    with _mounted(command, place, variables) as process_id:
        yield Mount(place, process_id, lambda: _wait_for_uploads(port))


@contextmanager
def _mounted(command: Sequence[str], place: Path, variables: Mapping[str, str]) -> Iterator[int]:
    if not DEVICE.exists():
        raise Absent(f"there is no {DEVICE}")
    unmount = find_program("fusermount3" if Path("/usr/bin/fusermount3").exists() else "fusermount")
    place.mkdir()
    log = place.parent / f"{place.name}.log"
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(place.parent), **variables}
    with log.open("wb") as said, subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process:
        try:
            _wait_for_mount(process, place, log)
            yield process.pid
        finally:
            subprocess.run([unmount, "-u", "-z", place], check=False, capture_output=True)
            process.terminate()


def _wait_for_mount(process: "subprocess.Popen[bytes]", place: Path, log: Path) -> None:
    ends_at = time.monotonic() + MOUNTS_WITHIN_SECONDS
    while not place.is_mount():
        if process.poll() is not None or time.monotonic() > ends_at:
            said = " ".join(log.read_text(errors="replace").split()[-30:])
            raise Absent(f"it does not mount: {said}")
        time.sleep(POLL_SECONDS)


def _wait_for_uploads(port: int) -> None:
    """Until nothing waits to be stored."""
    while True:
        with urlopen(Request(f"http://127.0.0.1:{port}/vfs/stats", method="POST")) as answer:
            cache = json.load(answer)["diskCache"]
        if not cache["uploadsInProgress"] and not cache["uploadsQueued"]:
            return
        time.sleep(POLL_SECONDS)
