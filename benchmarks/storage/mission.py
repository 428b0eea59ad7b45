"""init, add and commit of ten small files: by us, by git on a bucket that s3fs or rclone mount, and by git-remote-s3.

It is the table that this program was written for. Every way is measured until all bytes are in the same S3 service,
which is near, and 30 ms away. The peers are programs, so a program's two calls of our API stand beside them; what the
four pages take that somebody in a browser goes through for the same is measured by itself.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import requests

from benchmarks.peers.git_on_s3 import (
    FILES,
    Steps,
    Way,
    content_of,
    git_in_rclone,
    git_in_s3fs,
    git_remote_s3,
    take_seconds,
)
from benchmarks.peers.mounts import Bucket
from benchmarks.peers.programs import Absent
from benchmarks.report.figures import OURS, Comparison, Figure, Runs, speed
from benchmarks.report.table import Table, show_comparisons, show_seconds
from benchmarks.setting.distance import ROUND_TRIP_SECONDS, Distance, put_distance
from benchmarks.setting.running import family, read_cpu_seconds
from benchmarks.setting.visitor import Visitor
from framework import config
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.repositories import object_keys
from tests.servers.application import deployments
from tests.servers.application.gunicorn import gunicorn
from tests.servers.run import Run

HISTORICAL = "s3fs in 2013: init 103 to 138 s, add 12 to 16 s, commit 37 to 39 s"
DISTANCES = {"S3 near": 0.0, "S3 at 30 ms": ROUND_TRIP_SECONDS}
PEERS = {"s3fs": git_in_s3fs, "git-remote-s3": git_remote_s3, "rclone mount": git_in_rclone}
GOALS = {"s3fs": 300, "git-remote-s3": 8, "rclone mount": 5}
"""How many times as fast as each we have to be at 30 ms."""
BROWSER = "four pages of ours"
ROUNDS = {OURS: 10, BROWSER: 10, "s3fs": 1, "git-remote-s3": 3, "rclone mount": 3}
"""How often each is measured; s3fs takes more than a minute for one round."""
MOST_SECONDS, MOST_REQUESTS = 0.2, 2


@dataclass(frozen=True)
class Found:
    """What the steps took one way in each round, and the requests to the store in the median of them."""

    rounds: Sequence[Steps]
    cpu_seconds: Sequence[float]
    requests: float

    @property
    def runs(self) -> Runs:
        """All steps together."""
        return Runs(
            [steps.init + steps.add + steps.commit for steps in self.rounds], self.cpu_seconds, None, self.requests
        )

    @property
    def medians(self) -> Steps:
        """Each step by itself."""
        return Steps(*(median(getattr(steps, step) for steps in self.rounds) for step in ("init", "add", "commit")))


@dataclass(frozen=True)
class Contest:
    """One distance: what each way took, ours first, and the peers that cannot run, with the reason."""

    distance: str
    found: Mapping[str, Found]
    absent: Mapping[str, str]


def tabulate() -> Table:
    """Both distances, and each step by itself beside those of 2013."""
    contests = list(measure())
    table = show_comparisons("init, add, commit of 10 small files", [_compare(contest) for contest in contests])
    steps = [
        {"distance": contest.distance, "side": side, **asdict(found.medians)}
        for contest in contests
        for side, found in contest.found.items()
    ]
    lines = ["each step by itself", f"  {HISTORICAL}", *map(_show_steps, steps)]
    return replace(table, lines=[*table.lines, *lines], figures=[*table.figures, *steps])


def measure() -> Iterator[Contest]:
    """Every way at every distance."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with deployments.production_like(run, Path(folder) / "data") as near:
                for name, seconds in DISTANCES.items():
                    with put_distance(str(near.s3_endpoint_url), seconds) as distance:
                        place = Path(folder) / name
                        place.mkdir()
                        yield _hold(name, run, replace(near, s3_endpoint_url=distance.url), distance, place)
        finally:
            run.end()


def _hold(name: str, run: Run, settings: Config, distance: Distance, folder: Path) -> Contest:
    with _serve(run, settings) as ways:
        found, absent = {side: _repeat(way, ROUNDS[side], distance) for side, way in ways.items()}, dict[str, str]()
    secret = str(settings.s3_access_key_id), str(settings.s3_secret_access_key)
    bucket = Bucket(distance.url, str(settings.s3_bucket), *secret, str(settings.s3_region))
    for peer, prepare in PEERS.items():
        try:
            with prepare(bucket, folder) as way:
                found[peer] = _repeat(way, ROUNDS[peer], distance)
        except Absent as reason:
            absent[peer] = str(reason)
    return Contest(name, found, absent)


@contextmanager
def _serve(run: Run, settings: Config) -> Iterator[Mapping[str, Way]]:
    """A server of ours, and both ways to make a project and its first version there."""
    config.use(settings)
    name, password = f"bench-{object_keys.new_id()[:12]}", object_keys.new_id()
    owner = create_user(name=name, email=f"{name}@example.org", password=password)
    token = create_token(owner.id, "bench", ["write"])
    given = deployments.environment(settings)
    with gunicorn(run, {key: given[key] for key in given.keys() - {"BASE_URL", "PORT"}}, threads=16) as server:
        visitor = Visitor(server.url)
        visitor.submit("/login", username=name, password=password)
        ways = {OURS: _call(server.url, name, token), BROWSER: _walk(visitor, name)}
        for perform in ways.values():
            perform(-1)  # the first write of a process looks whom the bucket belongs to
        pid = server.process.pid
        yield {side: Way(perform, lambda: sum(map(read_cpu_seconds, family(pid)))) for side, perform in ways.items()}
    deployments.leave()


def _call(url: str, name: str, token: str) -> Callable[[int], Steps]:
    """A new project and one commit: two calls of the API on a connection that is kept."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"

    def post(path: str, body: Mapping[str, Any]) -> None:
        answer = session.post(f"{url}/api/v1/projects{path}", json=body)
        assert answer.status_code == 201, answer.text

    def perform(number: int) -> Steps:
        project = {"name": f"called-{number}", "visibility": "private"}
        puts = [{"op": "put", "path": path, "content": text} for path, text in _files(number).items()]
        commit = {"branch": "main", "message": "Ten files", "operations": puts}
        init = take_seconds(lambda: post("", project))
        return Steps(init, 0, take_seconds(lambda: post(f"/{name}/called-{number}/commits", commit)))

    return perform


def _walk(visitor: Visitor, name: str) -> Callable[[int], Steps]:
    """A new project and one upload: two forms, each opened and sent, by somebody who is signed in."""

    def perform(number: int) -> Steps:
        init = take_seconds(lambda: visitor.submit("/new", name=f"small-{number}", visibility="private"))
        page = f"/{name}/small-{number}/upload/main/"
        files = {path: text.encode() for path, text in _files(number).items()}
        return Steps(init, 0, take_seconds(lambda: visitor.upload(page, visitor.read_token(page), files)))

    return perform


def _files(number: int) -> dict[str, str]:
    return {f"file-{file}.txt": content_of(number, file).decode() for file in range(FILES)}


def _repeat(way: Way, rounds: int, distance: Distance) -> Found:
    steps, cpu, requests = list[Steps](), list[float](), list[int]()
    for number in range(rounds):
        used, asked = way.count_cpu_seconds(), distance.count_requests()
        steps.append(way.perform(number))
        cpu.append(way.count_cpu_seconds() - used)
        requests.append(distance.count_requests() - asked)
    return Found(steps, cpu, median(requests))


def _compare(contest: Contest) -> Comparison:
    name = contest.distance
    ours, *_ = runs = [found.runs for found in contest.found.values()]
    peers = dict(zip(list(contest.found)[1:], runs[1:], strict=True))
    goals = [Figure(f"{name}: requests to the store", ours.requests or 0, "", MOST_REQUESTS)]
    if DISTANCES[name]:
        goals.append(Figure(f"{name}: all by the browser", peers[BROWSER].median * 1000, "ms", MOST_SECONDS * 1000))
        goals += [speed(name, ours, peer, peers[peer], least=least) for peer, least in GOALS.items() if peer in peers]
    return Comparison(name, ours, peers, goals, contest.absent)


def _show_steps(steps: Mapping[str, object]) -> str:
    shown = [f"{step} {show_seconds(float(str(steps[step])))}" for step in ("init", "add", "commit") if steps[step]]
    return f"  {steps['side']}, {steps['distance']}: {', '.join(shown)}"
