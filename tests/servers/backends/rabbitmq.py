"""A private RabbitMQ with its own Erlang port mapper, and an empty virtual host for whoever asks."""

import base64
import json
import secrets
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.servers.processes import accepts, free_port
from tests.servers.programs import program
from tests.servers.run import Facts, Run

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {http}
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.relative = 0.9
log.console = true
log.file = false
"""


def new_rabbitmq_url(run: Run) -> str:
    """The address of an empty virtual host of the run's RabbitMQ, which is started when it is not there yet."""
    facts = run.shared("rabbitmq", _start)
    host = f"test{run.number('rabbitmq')}"
    _ask(int(facts["http"]), "PUT", f"/api/vhosts/{host}")
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    _ask(int(facts["http"]), "PUT", f"/api/permissions/{host}/guest", everything)
    return f"amqp://guest:guest@127.0.0.1:{facts['amqp']}/{host}"


def remove_rabbitmq_url(run: Run, url: str) -> None:
    """Remove the virtual host with its queues."""
    _ask(int(run.shared("rabbitmq", _start)["http"]), "DELETE", f"/api/vhosts/{url.rpartition('/')[2]}")


def _start(run: Run) -> Facts:
    data = run.data("rabbitmq")
    amqp, http, mapper, between_nodes = free_port(), free_port(), free_port(), free_port()
    (data / "rabbitmq.conf").write_text(_CONFIGURATION.format(amqp=amqp, http=http))
    (data / "plugins").write_text("[rabbitmq_management].\n")
    cookie = data / ".erlang.cookie"
    cookie.write_text(secrets.token_hex(16))
    cookie.chmod(0o400)
    environment = _environment(data, mapper, between_nodes)
    # in the foreground: the one that Erlang would start by itself outlives RabbitMQ
    epmd = run.start("epmd", [program("epmd"), "-port", str(mapper), "-address", "127.0.0.1"], environment)
    epmd.wait_until(lambda: accepts(mapper))
    server = run.start("rabbitmq", [program("rabbitmq-server")], environment)
    server.wait_until(lambda: _answers(http) and accepts(amqp))
    return {"amqp": str(amqp), "http": str(http)}


def _environment(data: Path, mapper: int, between_nodes: int) -> dict[str, str]:
    return {
        "HOME": str(data),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"holdfast{mapper}@localhost",
        "RABBITMQ_DIST_PORT": str(between_nodes),
        "RABBITMQ_CONF_ENV_FILE": str(data / "no-environment-file"),
        "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(data / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
        "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_PID_FILE": str(data / "pid"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(data / "generated"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}",
    }


def _answers(port: int) -> bool:
    try:
        _ask(port, "GET", "/api/overview")
    except (OSError, HTTPException, RuntimeError):
        return False
    return True


def _ask(port: int, method: str, path: str, body: dict[str, str] | None = None) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    authorization = "Basic " + base64.b64encode(b"guest:guest").decode()
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"RabbitMQ answers {answer.status} to {method} {path}")
    finally:
        connection.close()
