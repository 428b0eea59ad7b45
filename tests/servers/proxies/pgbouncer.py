"""PgBouncer before a database, as hosts offer it: a connection of the server is lent for one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.servers.backends.postgres import as_nobody_in_particular
from tests.servers.processes import accepts, free_port
from tests.servers.programs import program
from tests.servers.run import Run

_CONFIGURATION = """\
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
"""


@contextmanager
def pgbouncer(run: Run, database: str, folder: Path, *, connections: int) -> Iterator[str]:
    """The URL under which PgBouncer passes on to the database of this URL, over so many connections."""
    url, port = make_url(database), free_port()
    settings = _CONFIGURATION.format(server=url.port, port=port, connections=connections)
    settings = settings.replace("* =", f"* = user={url.username}")
    (folder / "pgbouncer.ini").write_text(settings)
    command = [*as_nobody_in_particular(folder), program("pgbouncer"), str(folder / "pgbouncer.ini")]
    process = run.start(f"pgbouncer-{port}", command)
    try:
        process.wait_until(lambda: accepts(port))
        yield url.set(port=port).render_as_string(hide_password=False)
    finally:
        process.stop()
