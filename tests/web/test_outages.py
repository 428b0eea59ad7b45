"""Every page while the database or the store is away: our face, a way on, the request's id, and no traceback."""

import http.client
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlencode, urlsplit

import pytest

from framework import config
from framework.accounts.core.account import Account
from framework.application import create_app
from framework.config import Config
from framework.database import engine
from framework.projects.lifecycle.operations import create_project
from framework.repositories.cache.eviction import copy_path
from tests.cast import PASSWORD, csrf_token, new_account
from tests.repositories.conftest import Bench
from tests.servers.application import deployments
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.backends.postgres import StoppablePostgres
from tests.servers.processes import HANG_SECONDS
from tests.servers.proxies.gate import Gate
from tests.servers.run import Run

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
VALUES = {
    "owner": "alice",
    "name": "alice",
    "project": "website",
    "ref": "main",
    "path": "a.txt",
    "place": "main/a.txt",
}


@dataclass(frozen=True)
class Answered:
    """An answer, and what it was asked for."""

    path: str
    status: int
    headers: HTTPMessage
    text: str


@dataclass(frozen=True)
class House:
    """A server whose database and whose store can be taken away."""

    server: LiveServer
    settings: Config
    database: StoppablePostgres
    store: Gate

    def get(self, path: str, cookie: str = "", method: str = "GET", body: str | None = None) -> Answered:
        """What a browser is answered."""
        connection = HTTPConnection(urlsplit(self.server.url).netloc, timeout=HANG_SECONDS)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        try:
            connection.request(method, path, body, {**BROWSER, **kind, **({"Cookie": cookie} if cookie else {})})
            answer = connection.getresponse()
            return Answered(path, answer.status, answer.headers, answer.read().decode(errors="replace"))
        finally:
            connection.close()

    def sign_in(self, account: Account) -> str:
        """The cookie of a browser that has signed in."""
        page = self.get("/login")
        fields = {"username": account.name, "password": PASSWORD, "csrf_token": csrf_token(page.text)}
        answer = self.get("/login", _cookie(page), "POST", urlencode(fields))
        assert answer.status == 302
        return _cookie(answer)


def _cookie(answer: Answered) -> str:
    return "; ".join(line.partition(";")[0] for line in answer.headers.get_all("Set-Cookie") or ())


@pytest.fixture(scope="module")
def house(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """PostgreSQL of its own and a gate before S3; Alice has a public project there."""
    database = StoppablePostgres(run)
    with (
        deployments.production_like(run, tmp_path_factory.mktemp("outages") / "data") as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        store = Gate(made.s3_endpoint_url or "")
        settings = replace(made, database_url=database.url, s3_endpoint_url=store.url)
        patch.setattr(config, "_current", settings)
        names = {"BASE_URL", "PORT"}
        environment = {name: text for name, text in deployments.environment(settings).items() if name not in names}
        with gunicorn(run, environment) as server:
            yield House(server, settings, database, store)
        deployments.leave()
        store.close()
    database.end()


@pytest.fixture(scope="module")
def alice(house: House, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """Alice; her project has one file, of which this machine has no copy."""
    account = new_account("alice")
    project = create_project(account, name="website", description="", visibility="public")
    bench = Bench(project.repository_id, tmp_path_factory.mktemp("files"))
    bench.write(bench.put("a.txt", b"a"))
    shutil.rmtree(copy_path(project.repository_id))
    engine.dispose()
    return account


def addresses(settings: Config) -> list[str]:
    """An address below each rule that answers to GET."""
    rules = create_app(settings).url_map.iter_rules()
    asked = [rule.rule for rule in rules if "GET" in (rule.methods or ()) and rule.endpoint != "static"]
    return sorted({re.sub(r"<(\w+:)?(\w+)>", _value, rule) for rule in asked})


def _value(variable: "re.Match[str]") -> str:
    return "1" if variable[1] == "int:" else VALUES.get(variable[2], "x" * 40)


def faults_of(answer: Answered) -> list[str]:
    """What is wrong with an error's answer, whoever it is for."""
    headers, kind = answer.headers, answer.headers.get_content_type()
    faults = []
    if answer.status in {429, 503} and not headers["Retry-After"]:
        faults.append("no Retry-After")
    if not headers["X-Request-ID"]:
        faults.append("no X-Request-ID")
    if answer.status >= 500 and answer.status != 503:
        faults.append(f"status {answer.status}")
    if kind == "text/html" and answer.status >= 400 and "error-status" not in answer.text:
        faults.append("a bare page")
    if kind == "text/html" and answer.status >= 500 and headers["X-Request-ID"] not in answer.text:
        faults.append("no request id on the page")
    if answer.path.startswith("/api/") and answer.status >= 400 and kind != "application/problem+json":
        faults.append(f"an API's error as {kind}")
    if ".git/" in answer.path and answer.status >= 400 and kind == "text/html":
        faults.append("a page for git")
    return [f"{answer.path}: {fault}" for fault in faults]


def test_every_page_has_our_face_while_the_database_is_away(house: House, alice: Account) -> None:
    cookie = house.sign_in(alice)
    told = len(house.server.process.log.read_text())
    with house.database.stopped():
        paths = addresses(house.settings)
        signed_in = [house.get(path, cookie) for path in paths]
        strangers = [house.get(path) for path in paths]
        missing = house.get("/a/b/c/d/e", cookie)
    away = [answer.path for answer in signed_in if answer.status == 503]
    assert len(away) > len(paths) / 2
    assert missing.status == 404
    assert not [fault for answer in (*signed_in, *strangers, missing) for fault in faults_of(answer)]
    lines = house.server.process.log.read_text()[told:]
    assert "Traceback" not in lines
    assert "The database does not answer" in lines
    assert house.get("/settings", cookie).status == 200


def test_errors_of_forms_have_our_face_while_the_database_is_away(house: House, alice: Account) -> None:
    cookie = house.sign_in(alice)
    with house.database.stopped():
        posted = [
            house.get(path, cookie, "POST", "csrf_token=x") for path in ("/new", "/settings", "/logout", "/login")
        ]
        too_large = house.get("/login", cookie, "POST", "x" * (2 << 20))
        wrong = house.get("/explore", cookie, "POST", "a=b")
    assert (too_large.status, wrong.status) == (413, 405)
    assert not [fault for answer in (*posted, too_large, wrong) for fault in faults_of(answer)]


@pytest.mark.long  # whoever needs the store waits for it
def test_pages_have_our_face_while_the_store_is_away(house: House, alice: Account) -> None:
    cookie = house.sign_in(alice)
    told = len(house.server.process.log.read_text())
    needing = ["/alice/website", "/api/v1/projects/alice/website/raw/main/a.txt"]
    with house.store.shut(), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda path: house.get(path, cookie), needing))
        others = [house.get(path, cookie) for path in ("/", "/explore", "/settings")]
    assert {answer.status for answer in answers} == {503}
    assert {answer.status for answer in others} == {200}
    assert not [fault for answer in answers for fault in faults_of(answer)]
    assert "Traceback" not in house.server.process.log.read_text()[told:]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nLong: " + b"a" * 9000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_is_answered_with_our_face(house: House, sent: bytes, status: int) -> None:
    connection = HTTPConnection(urlsplit(house.server.url).netloc, timeout=HANG_SECONDS)
    connection.connect()
    assert connection.sock
    connection.sock.sendall(sent)
    answer = http.client.HTTPResponse(connection.sock)
    answer.begin()
    page = answer.read().decode()
    connection.close()
    assert answer.status == status
    assert "error-status" in page
    assert f"<code>{answer.headers['X-Request-ID']}</code>" in page
    assert "aaaa" not in page
