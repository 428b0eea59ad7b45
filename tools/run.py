"""`make run` and `make serve`: the schema brought up to date, then every process under honcho until Ctrl-C or SIGTERM.

`make run` is the deployment at home: the lines of Procfile.local. `make serve` is production on a machine of one's own:
the lines of the Procfile.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from honcho import environ, manager

ROOT = Path(__file__).resolve().parent.parent
PROCFILES = {"run": "Procfile.local", "serve": "Procfile"}
SECONDS_TO_END = {"run": 9, "serve": 30}
"""What processes are given after SIGTERM: a web server finishes its answers for 25 seconds in production."""
LOOKS_EVERY_SECONDS = 0.2
LOOKS = 1500


def main(kind: str) -> int:
    """Run everything; the exit status of the first process that ended, or 128 plus the signal's number."""
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, end)  # until honcho has handlers of its own
    port = int(os.environ.get("PORT") or 5000)
    if not os.environ.get("BIND") and taken(port):
        sys.stderr.write(
            f"Port {port} is taken by another program. Stop it, or choose another: make {kind} PORT=5001\n"
        )
        return 1
    lines = environ.parse_procfile((ROOT / PROCFILES[kind]).read_text()).processes
    if kind == "serve":
        return run_processes(lines, variables(port, HOLDFAST_ENV="production"), seconds=SECONDS_TO_END[kind])
    address = os.environ.get("BASE_URL") or f"http://localhost:{port}"
    with subprocess.Popen([sys.executable, __file__, str(port), address], start_new_session=True) as herald:
        try:
            return run_processes(lines, variables(port, BASE_URL=address), seconds=SECONDS_TO_END[kind])
        finally:
            herald.terminate()


def variables(port: int, **added: str) -> dict[str, str]:
    """What every process sees: the environment, with this Python's programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PORT": str(port), "PATH": path, "PYTHONUNBUFFERED": "1", **added}


def taken(port: int) -> bool:
    """Whether another program listens on this port of the machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def run_processes(lines: dict[str, str], environment: dict[str, str], *, seconds: int) -> int:
    """The release line alone until it has ended well; then the others, each a process, their output as one."""
    if status := run_to_its_end(lines.pop("release"), environment):
        return status
    manager.KILL_WAIT = seconds
    processes = manager.Manager()
    for name, command in lines.items():
        processes.add_process(name, command, env=environment)
    processes.loop()
    return int(processes.returncode or 0)


def run_to_its_end(command: str, environment: dict[str, str]) -> int:
    """The status that a line of the Procfile ends with; what it has started ends with this process."""
    with subprocess.Popen(command, shell=True, env=environment, start_new_session=True) as shell:  # noqa: S602
        try:
            return shell.wait()
        except BaseException:
            os.killpg(shell.pid, signal.SIGTERM)
            raise


def end(number: int, _frame: object) -> None:
    """Leave by an exception, so that whatever runs by then is ended on the way out."""
    raise SystemExit(128 + number)


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
    if sys.argv[1] in PROCFILES:
        sys.exit(main(sys.argv[1]))
    announce(int(sys.argv[1]), sys.argv[2])
