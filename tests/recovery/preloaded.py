"""Commands that start at once: a process imports the application and forks for each `flask`, `gunicorn` and `celery`.

Each command is a process of its own with the arguments, variables, folder and terminal of whoever started it, and reads
its settings itself; what it is spared are two seconds of imports.
"""

import importlib
import json
import os
import random
import runpy
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from framework import config

MODULES = ("flask", "gunicorn", "celery")
PRELOADED = ("flask.cli", "gunicorn.workers.gthread", "framework.application", "framework.health.boot")
_CLIENT = Path(__file__).parent / "forked.py"


def write_programs(folder: Path, address: Path) -> None:
    """Put a program for each of the modules into the folder, which asks the server at this address for its process."""
    folder.mkdir()
    for module in MODULES:
        program = folder / module
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E {_CLIENT} {address} {module} "$@"\n')
        program.chmod(0o755)


def serve(address: str) -> None:
    """Import everything, then fork for each connection, until the process is ended."""
    _import_everything()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}.new")
    listener.listen()
    Path(f"{address}.new").rename(address)  # who finds it can connect to it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who attend to a connection
    while True:
        connection, _address = listener.accept()
        if os.fork() == 0:
            listener.close()
            _attend(connection)
        connection.close()


def _import_everything() -> None:
    for module in PRELOADED:
        importlib.import_module(module)
    assert config._current is None, "importing the application reads the environment: a fork would have another's"
    assert threading.active_count() == 1, "a fork would lack the other threads"


def _attend(connection: socket.socket) -> None:
    """Run one command in a process of its own, and tell its process id, then its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, files, _flags, _address = socket.recv_fds(connection, 1 << 20, 3)
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(json.loads(request), files)
    for file in files:
        os.close(file)
    connection.sendall(f"{pid}\n".encode())
    _pid, status = os.waitpid(pid, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(command: dict[str, Any], files: list[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, max(files) + 1)
    os.environ.clear()
    os.environ.update(command["environment"])
    os.chdir(command["folder"])
    sys.path.insert(0, command["folder"])
    sys.argv = command["arguments"]
    random.seed()
    runpy.run_module(command["arguments"][0], run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    serve(sys.argv[1])
