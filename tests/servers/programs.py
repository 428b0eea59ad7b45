"""Where the servers' programs lie; a missing one is a failure that names the Debian package to install."""

import os
import shutil
from pathlib import Path

_DEBIAN_PACKAGES = {
    "initdb": "postgresql",
    "postgres": "postgresql",
    "redis-server": "redis-server",
    "rabbitmq-server": "rabbitmq-server",
    "epmd": "rabbitmq-server",
    "ceph": "ceph-common",
    "ceph-authtool": "ceph-common",
    "radosgw-admin": "ceph-common",
    "monmaptool": "ceph-mon",
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "radosgw": "radosgw",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "firefox-esr": "firefox-esr",
    "geckodriver": "geckodriver",
    "git-lfs": "git-lfs",
    "openssl": "openssl",
    "curl": "curl",
    "setpriv": "util-linux",
}


class ProgramMissing(Exception):
    """A program that the tests need is not installed; the text says how to install it."""


def program(name: str) -> str:
    """The path of a server's program, looked for where Debian keeps those that stay out of PATH, too.

    Raises:
        ProgramMissing.
    """
    # the newest PostgreSQL first; Debian's wrapper in PATH would insist on its own user and folders for RabbitMQ
    hidden = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version, reverse=True)
    hidden += Path("/usr/lib/rabbitmq/bin").glob(name)
    found = (
        str(hidden[0]) if hidden else shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    )
    if found is None:
        package = _DEBIAN_PACKAGES[name]
        raise ProgramMissing(f"The tests need {name}: install the Debian package {package} (apt-get install {package})")
    return found


def _version(path: Path) -> float:
    return float(path.parts[4])
