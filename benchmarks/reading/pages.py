"""How long the server works on a page of a project of 20,000 commits and 5,000 files: warm, rendered anew."""

import resource
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.deployment import forget_pages
from benchmarks.setting.importing import import_repository
from framework import rooms
from framework.accounts.lifecycle.operations import create_user
from framework.application import create_app
from framework.config import Config
from framework.database import schema
from framework.projects.lifecycle.operations import create_project
from framework.repositories.cache.commit_graph import write_graph
from tests.servers.application import deployments

COMMITS, FILES, FOLDERS = 20_000, 5_000, 100
TOLD_LINES = 1_000
ROUNDS = 15


def tabulate() -> Table:
    """How long the server works on each kind of page that it renders anew."""
    return show_figures("pages of 20,000 commits and 5,000 files, rendered anew", list(measure()))


def measure() -> Iterator[Figure]:
    """Every page of the table, after one look at each: its time, and CPU with git's."""
    with TemporaryDirectory() as folder:
        make_repository(Path(folder) / "source")
        data = Path(folder) / "data"
        data.mkdir()
        app = create_app(Config.from_environment({"HOLDFAST_DATA": str(data)}))
        rooms.load_models()
        schema.upgrade()
        owner = create_user(name="bench", email="bench@example.org", password=secrets.token_hex())
        project = create_project(owner, name="large", description="", visibility="public")
        import_repository(project.repository_id, Path(folder) / "source")
        client, sha = app.test_client(), find_tip(Path(folder) / "source")
        yield from _measure_page(
            client, "project page, first look (last changes follow)", "/bench/large", 2000, rounds=1
        )
        write_graph(project.repository_id)
        client.get("/bench/large/blame/main/folder-7/file-7.py")  # the copy is whole from here on
        blame = "/bench/large/blame/main/told.txt"
        yield from _measure_page(client, f"blame of {TOLD_LINES:,} lines, first look", blame, 300, rounds=1)
        for name, path, target in _pages(sha):
            client.get(f"{path}{'&' if '?' in path else '?'}whole=1")
            yield from _measure_page(client, name, path, target)
        deployments.leave()


def _pages(sha: str) -> Iterator[tuple[str, str, float]]:
    yield "project page with last changes", "/bench/large", 40
    yield "folder of 50 files", "/bench/large/tree/main/folder-7", 30
    yield "file", "/bench/large/blob/main/folder-7/file-7.py", 30
    yield "history of the project", "/bench/large/commits/main", 30
    yield "history of a file", "/bench/large/commits/main/folder-7/file-7.py", 30
    yield "commit of 5 files", f"/bench/large/commit/{sha}", 50
    yield f"blame of {TOLD_LINES:,} lines", "/bench/large/blame/main/told.txt", 300
    yield "go to file", "/bench/large/find/main?q=fo7fi7", 100


def _measure_page(
    client: FlaskClient, name: str, path: str, target_ms: float, *, rounds: int = ROUNDS
) -> Iterator[Figure]:
    walls, cpus = zip(*(measure_request(client, path) for _ in range(rounds)), strict=True)
    yield Figure.of_runs(name, walls, "ms", target_ms)
    yield Figure.of_runs(f"{name}: CPU", cpus, "ms")


def measure_request(client: FlaskClient, path: str, headers: Mapping[str, str] | None = None) -> tuple[float, float]:
    """The server's wall time and CPU time for one page that it renders anew, in milliseconds."""
    forget_pages()
    start, cpu = time.perf_counter(), count_cpu_seconds()
    answer = client.get(path, headers=dict(headers or {}))
    wall, used = (time.perf_counter() - start) * 1000, (count_cpu_seconds() - cpu) * 1000
    assert answer.status_code == 200, (path, answer.status_code)
    return wall, used


def count_cpu_seconds() -> float:
    """What this process and its children that have ended have used so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def find_tip(source: Path) -> str:
    """The commit that the branch main of this repository is at."""
    done = subprocess.run(["git", "rev-parse", "main"], cwd=source, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(source: Path) -> None:
    """All files in the first commit; then each commit changes two of them, every 20th a line of `told.txt`."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(source)], check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=source, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for command in _commands():
            process.stdin.write(command.encode())
        process.stdin.close()
    assert process.returncode == 0


def _commands() -> Iterator[str]:
    told = [f"line {number} is as it was" for number in range(TOLD_LINES)]
    for number in range(COMMITS):
        yield _commit(number)
        changed = range(FILES) if number == 0 else _changed(number)
        for file in changed:
            yield _file(f"folder-{file % FOLDERS}/file-{file}.py", _source(file, number))
        if number % 20 == 0:
            told[number // 20 % TOLD_LINES] = f"line of commit {number}"
            yield _file("told.txt", "\n".join(told) + "\n")


def _changed(number: int) -> list[int]:
    count = 5 if number == COMMITS - 1 else 2
    return [(number * 7919 + step * 104_729) % FILES for step in range(count)]


def _commit(number: int) -> str:
    message = f"Change {number}"
    who = f"Person {number % 40} <person{number % 40}@example.org> {1_600_000_000 + number * 60} +0000"
    return f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message)}\n{message}\n"


def _file(path: str, content: str) -> str:
    return f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"


def _source(file: int, number: int) -> str:
    lines = [f"def work_{line}(value):\n    return value * {line + file}\n" for line in range(30)]
    return f"# changed in {number}\n" + "\n".join(lines)
