"""A private Redis, and an empty database of it for whoever asks."""

from tests.servers.processes import accepts, free_port
from tests.servers.programs import program
from tests.servers.run import Facts, Run

DATABASES = 100_000


def new_redis_url(run: Run) -> str:
    """The address of an empty database of the run's Redis, which is started when it is not there yet."""
    port = run.shared("redis", _start)["port"]
    return f"redis://127.0.0.1:{port}/{run.number('redis')}"


def _start(run: Run) -> Facts:
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--databases", str(DATABASES)]
    options += ["--save", "", "--appendonly", "no", "--dir", str(run.data("redis"))]
    process = run.start("redis", [program("redis-server"), *options])
    process.wait_until(lambda: accepts(port))
    return {"port": str(port)}
