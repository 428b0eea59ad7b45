"""gunicorn's settings: `gunicorn app:app` in the project's root reads this file."""

from pathlib import Path
from typing import Any

from framework.doctor.boot import settings_or_exit
from framework.metrics import folder, logs

settings = settings_or_exit()

# A laptop's server is for the laptop; a production one is behind a router that comes from another machine.
bind = f"{'0.0.0.0' if settings.production else '127.0.0.1'}:{settings.port}"  # noqa: S104

# Threads wait for slow uploads and for the object store, processes use the cores.
worker_class = "gthread"
workers = settings.web_concurrency
threads = settings.web_threads
preload_app = False  # connections must not be shared by a fork

# gthread's heartbeat goes on while its threads read a body, so 100 MiB on a slow line may take as long as it takes;
# this many seconds without a heartbeat mean a stuck process.
timeout = 120
graceful_timeout = 25 if settings.production else 5
keepalive = 95  # longer than Heroku's router keeps its side of an idle connection

# The heartbeat file: on a dyno's disk it would stall with the disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True

# One line each, as workers have them, with the request's id; the application logs each request itself, without secrets.
logconfig_dict = logs.of_web(settings)


def on_starting(_server: Any) -> None:
    """The workers count together, so that any of them can tell the numbers of all."""
    folder.open_folder()


def child_exit(_server: Any, worker: Any) -> None:
    """What a worker had under way has ended with it; what it counted stays."""
    folder.forget_under_way(worker.pid)


def on_exit(_server: Any) -> None:
    """Nothing stays behind."""
    folder.close_folder()
