"""gunicorn's settings: `gunicorn app:app` in the project's root reads this file."""

import signal
from pathlib import Path
from typing import Any

import gunicorn.util

from framework.gitcore import git
from framework.health.boot import settings_or_exit
from framework.observability import allocator, folder, logs
from framework.web.server import balance
from framework.web.server.refusals import hide_server, write_error

settings = settings_or_exit()
allocator.be_frugal()

bind = settings.bind
forwarded_allow_ips = ""  # FORWARDED_ALLOW_IPS is looked at in one place: framework/web/security.py

# Threads wait for the object store, processes use the cores; slow clients wait in the worker's loop.
worker_class = "framework.web.server.worker.Worker"
workers = settings.web_concurrency
threads = settings.web_threads
preload_app = False  # `on_starting` does it, when there is a folder for counts; no connection is open by then

# The loop's heartbeat goes on while threads read a body, so 100 MiB on a slow line may take as long as it takes;
# this many seconds without a heartbeat mean a stuck process.
timeout = 120
graceful_timeout = 25 if settings.production else 5
LAST_WORDS_SECONDS = 3 if settings.production else 1
sendfile = False  # what the kernel sends by itself is not measured
keepalive = 95  # longer than Heroku's router keeps its side of an idle connection

# The heartbeat file: on a dyno's disk it would stall with the disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True

# One line each, as workers have them, with the request's id; the application logs each request itself, without secrets.
logconfig_dict = logs.of_web(settings)
logger_class = "framework.web.server.log.Log"


def on_starting(server: Any) -> None:
    """The workers count together, so that any of them can tell the numbers of all, and share what they load."""
    folder.open_folder()
    with allocator.load_to_share():
        from framework.application import load_ahead  # noqa: PLC0415 - what it loads counts in the folder

        load_ahead(server.app.wsgi())


def post_worker_init(_worker: Any) -> None:
    """A host's SIGTERM leaves git alone; who still waits for it near the end of the grace is told to come again."""
    from framework.browse.render.rendering import sandbox  # noqa: PLC0415 - both count, in the folder that was made since
    from framework.health.fencing import look_at_bucket  # noqa: PLC0415

    gunicorn.util.write_error = write_error
    hide_server()
    look_at_bucket()
    if settings.production:
        sandbox.start()  # elsewhere the first page that needs it does
    stop: Any = signal.getsignal(signal.SIGTERM)

    def stop_gracefully(number: int, frame: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, graceful_timeout - LAST_WORDS_SECONDS)
        stop(number, frame)

    signal.signal(signal.SIGALRM, lambda _number, _frame: git.interrupt())
    signal.signal(signal.SIGTERM, stop_gracefully)
    signal.siginterrupt(signal.SIGTERM, False)  # noqa: FBT003


def child_exit(_server: Any, worker: Any) -> None:
    """What a worker had under way has ended with it, and so have its connections; what it counted stays."""
    balance.leave(worker.age)
    folder.forget_under_way(worker.pid)


def on_exit(_server: Any) -> None:
    """Nothing stays behind."""
    folder.close_folder()
