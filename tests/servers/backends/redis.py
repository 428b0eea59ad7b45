"""A private Redis, and an empty database of it for whoever asks."""

from pathlib import Path

from tests.servers.processes import Process, accepts, free_port
from tests.servers.programs import program
from tests.servers.run import Facts, Run

DATABASES = 100_000


def new_redis_url(run: Run) -> str:
    """The address of an empty database of the run's Redis, which is started when it is not there yet."""
    port = run.shared("redis", _start)["port"]
    return f"redis://127.0.0.1:{port}/{run.number('redis')}"


def _start(run: Run) -> Facts:
    port = free_port()
    start_redis(run, run.data("redis"), port, "--databases", str(DATABASES))
    return {"port": str(port)}


def start_redis(run: Run, data: Path, port: int, *options: str) -> Process:
    """A server that keeps nothing, once it answers."""
    base = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(data)]
    process = run.start("redis", [program("redis-server"), *base, *options])
    process.wait_until(lambda: accepts(port))
    return process
