"""What the parts use while people work: memory by group, connections of PostgreSQL, clients of Redis."""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from tests.servers.memory import proportional_bytes
from tests.servers.processes import family
from tests.soak.parts import Department, Dyno

EVERY_SECONDS = 2.0
MIB = 1 << 20


@dataclass
class Samples:
    """The largest of each that was seen, and who had it."""

    memory_bytes: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    connected: Counter[str] = field(default_factory=Counter)
    clients: int = 0
    rejected: int = 0

    def take(self, site: Department, over: threading.Event) -> None:
        """Look again and again until the day is over."""
        while not over.wait(EVERY_SECONDS):
            for dyno in (*site.groups, *site.workers):
                used = memory_of(dyno)
                self.memory_bytes[dyno.name] = max(used, self.memory_bytes.get(dyno.name, 0))
            site.store.seen.clear()  # nobody asks what passed there, and an hour's requests are many
            with suppress(psycopg.Error):
                self._count_connections(site)
            with suppress(RedisError):
                self._count_clients(site)

    def largest(self, dynos: list[Dyno]) -> int:
        """The most memory that one of these had, in MiB."""
        return max(self.memory_bytes.get(dyno.name, 0) for dyno in dynos) // MIB

    def _count_connections(self, site: Department) -> None:
        query = "SELECT application_name FROM pg_stat_activity WHERE usename = 'department'"
        with psycopg.connect(site.database.url_of_superuser, connect_timeout=2) as connection:
            names = [str(name) for (name,) in connection.execute(query)]
        if len(names) > self.connections:
            self.connections, self.connected = len(names), Counter(names)

    def _count_clients(self, site: Department) -> None:
        with Redis(port=site.broker.port, socket_timeout=2) as redis:
            told = redis.info()
        self.clients = max(self.clients, int(told["connected_clients"]) - 1)
        self.rejected = max(self.rejected, int(told["rejected_connections"]))


def memory_of(dyno: Dyno) -> int:
    """The proportional set size of all its processes, in bytes (proc(5), smaps_rollup)."""
    return proportional_bytes(family(dyno.process.pid)).total()
