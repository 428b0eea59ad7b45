"""Where the servers' programs lie; a missing one is a failure that names the Debian package to install."""

import os
import shutil
from pathlib import Path

_DEBIAN_PACKAGES = {
    "initdb": "postgresql",
    "postgres": "postgresql",
    "pgbouncer": "pgbouncer",
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
    "git-lfs": "git-lfs",
    "openssl": "openssl",
    "curl": "curl",
    "nginx": "nginx",
    "caddy": "caddy",
    "setpriv": "util-linux",
    "faketime": "faketime",
    "age": "age",
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


def dying_git(folder: Path, command: str, ending: str = "TERM") -> str:
    """A PATH whose git ends by this signal as soon as it is to run this command, or runs these lines of shell."""
    folder.mkdir()
    act = f"kill -{ending} $$" if ending.isalpha() else ending
    git = folder / "git"
    git.write_text(f'#!/bin/sh\ncase " $* " in *" {command} "*) {act} ;; esac\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def _version(path: Path) -> float:
    return float(path.parts[4])
