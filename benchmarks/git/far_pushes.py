"""Pushes into empty projects with the S3 service 30 ms away, beside the same pushes with the service near.

Pushes that follow each other are compared, and the median of the differences is told: other programs, and the machine's
own clock, slow both by more than the distance does. Of pushes that take seconds even the median moves by more than a
round trip, so the requests of which each waits for another one's answer are counted, too.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.git.samples import Sample, make_files, make_history, make_noise, make_refs
from benchmarks.report.figures import Comparison, Figure, Runs
from benchmarks.report.table import Table, show_comparisons
from benchmarks.setting.distance import ROUND_TRIP_SECONDS, Distance, put_distance
from benchmarks.setting.git_servers import PASSWORD, GitServer, Spent, preparation
from framework import config
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from tests.servers.application import deployments
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.run import Run

ROUNDS = {"100 files": 15, "20,000 commits": 9, "100 MiB of noise": 9, "5,000 refs": 9}
"""How often each repository is pushed; of few rounds the median moves by more than the distance."""
MOST_ROUND_TRIPS = 2
SHORT = {"100 files", "5,000 refs"}
"""Pushes that end before the machine's noise is as long as a round trip; by them the clock is held to the goal."""
NEAR = "Holdfast, S3 near"


@dataclass(frozen=True)
class Pushed:
    """What a push took, and its requests to the store: all of them, and how many one after another."""

    spent: Spent
    requests: int
    in_sequence: int


def tabulate() -> Table:
    """Both distances, and the difference in milliseconds beside what it may be."""
    return show_comparisons("a push with S3 at 30 ms", list(measure()))


def measure() -> Iterator[Comparison]:
    """Pushes in turns to two processes of one deployment, of which one has the service near."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with (
                deployments.production_like(run, Path(folder) / "data") as settings,
                put_distance(str(settings.s3_endpoint_url), 0) as near,
                put_distance(str(settings.s3_endpoint_url), ROUND_TRIP_SECONDS) as far,
                _servers(run, settings, (near, far)) as servers,
            ):
                for make in (make_files, make_history, make_noise, make_refs):
                    sample = make(Path(folder) / make.__name__.replace("_", "-"))
                    yield _compare(sample, list(zip(servers, (near, far), strict=True)))
        finally:
            run.end()


@contextmanager
def _servers(run: Run, settings: Config, distances: tuple[Distance, Distance]) -> Iterator[tuple[GitServer, GitServer]]:
    """Two processes of the deployment, each with its distance to the store."""
    config.use(settings)
    account = create_user(name="bench", email="bench@example.org", password=PASSWORD)
    secret = b64encode(f"bench:{create_token(account.id, 'bench', ['write'])}".encode()).decode()
    settings = replace(settings, quota_bytes=1 << 40)
    given = [deployments.environment(replace(settings, s3_endpoint_url=distance.url)) for distance in distances]
    variables = [{name: one[name] for name in one.keys() - {"BASE_URL", "PORT"}} for one in given]
    with gunicorn(run, variables[0]) as near, gunicorn(run, variables[1]) as far:
        first, second = (_at(server, f"Basic {secret}", preparation(account)) for server in (near, far))
        yield first, second
    deployments.leave()


def _at(server: LiveServer, authorization: str, prepare: Callable[[str], object]) -> GitServer:
    address = urlsplit(server.url)
    headers = {"Authorization": authorization, "Host": address.netloc}
    return GitServer(address.port or 0, server.process.pid, "bench/", headers, prepare)


def _compare(sample: Sample, servers: Sequence[tuple[GitServer, Distance]]) -> Comparison:
    rounds = [[_push(sample, *server, number) for server in servers] for number in range(ROUNDS[sample.name] + 1)]
    near, far = (_sum_up(list(found)) for found in zip(*rounds[1:], strict=True))
    work, limit = f"push of {sample.name}", MOST_ROUND_TRIPS * ROUND_TRIP_SECONDS * 1000
    added = median(there - here for here, there in zip(near.seconds, far.seconds, strict=True))
    waited = [found.in_sequence for _near, found in rounds[1:]]
    figures = [
        Figure.of_runs(f"{work}: requests one after another", waited, "round trips", MOST_ROUND_TRIPS),
        Figure(f"{work}: what 30 ms to S3 add", added * 1000, "ms", limit if sample.name in SHORT else None),
    ]
    return Comparison(f"{work}, S3 at 30 ms", far, {NEAR: near}, figures)


def _sum_up(found: Sequence[Pushed]) -> Runs:
    seconds, cpu = [push.spent.wall_seconds for push in found], fmean(push.spent.cpu_seconds for push in found)
    return Runs(seconds, [cpu], requests=median(push.requests for push in found))


def _push(sample: Sample, server: GitServer, distance: Distance, number: int) -> Pushed:
    name = f"{sample.key}-{server.port}-{number}"
    server.prepare(name)
    requests, in_sequence = distance.count_requests(), distance.count_in_sequence()
    spent = server.exchange(name, "git-receive-pack", [sample.push])
    assert b"ok refs/heads/" in spent.answer, spent.answer
    assert b"ng refs/heads/" not in spent.answer, spent.answer
    return Pushed(spent, distance.count_requests() - requests, distance.count_in_sequence() - in_sequence)
