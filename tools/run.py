"""`make run`: the schema brought up to date, then web, worker and scheduler under honcho until Ctrl-C or SIGTERM."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from honcho import environ, manager

ROOT = Path(__file__).resolve().parent.parent
HONCHO_WAITS_SECONDS = 9
LOOKS_EVERY_SECONDS = 0.2
LOOKS = 1500


def main() -> int:
    """Run everything; the exit status of the first process that ended, or 128 plus the signal's number."""
    os.chdir(ROOT)
    port = int(os.environ.get("PORT") or 5000)
    if taken(port):
        sys.stderr.write(f"Port {port} is taken by another program. Stop it, or choose another: make run PORT=5001\n")
        return 1
    address = os.environ.get("BASE_URL") or f"http://localhost:{port}"
    environment = os.environ | {"PORT": str(port), "BASE_URL": address, "PYTHONUNBUFFERED": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if subprocess.run(["flask", "database", "upgrade"], check=False, env=environment).returncode:
        return 1
    with subprocess.Popen([sys.executable, __file__, str(port), address], start_new_session=True) as herald:
        try:
            return run_processes(environment)
        finally:
            herald.terminate()


def taken(port: int) -> bool:
    """Whether another program listens on this port of the machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def run_processes(environment: dict[str, str]) -> int:
    """The lines of Procfile.local, each a process, their output as one."""
    manager.KILL_WAIT = HONCHO_WAITS_SECONDS
    processes = manager.Manager()
    for name, command in environ.parse_procfile((ROOT / "Procfile.local").read_text()).processes.items():
        processes.add_process(name, command, env=environment)
    processes.loop()
    return int(processes.returncode or 0)


def announce(port: int, address: str) -> None:
    """Print the address once it answers."""
    for _ in range(LOOKS):
        if answers(port):
            sys.stdout.write(f"\nHoldfast is at {address}\n\n")
            return
        time.sleep(LOOKS_EVERY_SECONDS)


def answers(port: int) -> bool:
    """Whether the web process answers requests."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except HTTPError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    if len(sys.argv) > 1:
        announce(int(sys.argv[1]), sys.argv[2])
    else:
        sys.exit(main())
