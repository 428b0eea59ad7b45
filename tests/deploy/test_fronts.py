"""The examples for nginx and Caddy that are shipped, in front of a web group: what passes through them, and how."""

import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import requests
from sqlalchemy import select

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.models import Budget
from framework.accounts.signin.tokens import create_token
from framework.database.session import read_transaction
from framework.projects.lifecycle.operations import create_project
from tests.cast import PASSWORD, csrf_token, link_in_mail, new_account, posted_texts
from tests.githttp.client import Person
from tests.servers.application import deployments
from tests.servers.application.gunicorn import gunicorn
from tests.servers.processes import free_port
from tests.servers.proxies.caddy import caddy
from tests.servers.proxies.nginx import Front, nginx
from tests.servers.run import Run

FRONTS: dict[str, Callable[..., Any]] = {"nginx": nginx, "caddy": caddy}
PART_BYTES = 8 << 20
MORE_BYTES = 64 << 10


@dataclass(frozen=True)
class Site:
    """A proxy before a group, and Alice."""

    front: Front
    group: int
    alice: Account

    def window(self, **headers: str) -> requests.Session:
        """A browser that sends these headers."""
        return _window(self.front, **headers)


class _From(requests.adapters.HTTPAdapter):
    """Connections from one address of this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """Bind what is opened to the address."""
        super().init_poolmanager(*given, **named, source_address=(self._address, 0))


@pytest.fixture(scope="module", params=list(FRONTS))
def proxied(request: pytest.FixtureRequest, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all tests of a proxy, as production has it."""
    folder, port, group = tmp_path_factory.mktemp("site"), free_port(), free_port()
    with (
        deployments.production_like(run, folder / "data") as settings,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(config, "_current", settings)
        given = {"BASE_URL": f"https://localhost:{port}", "FORWARDED_ALLOW_IPS": "127.0.0.1"}
        with (
            gunicorn(run, {**deployments.environment(settings), **given}, port=group),
            FRONTS[request.param](run, folder / "front", port=port, groups=[group]) as front,
        ):
            yield Site(front, group, new_account("alice"))
        deployments.leave()


def test_a_page_passes_with_the_id_of_its_request(proxied: Site) -> None:
    answer = proxied.window().get(proxied.front.url, headers={"X-Request-ID": "one-of-my-own"})
    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"] == "one-of-my-own"
    assert len(proxied.window().get(proxied.front.url, headers={"X-Request-ID": "?"}).headers["X-Request-ID"]) >= 32


def test_links_and_cookies_are_for_https(proxied: Site) -> None:
    window = proxied.window()
    form = {"username": "newcomer", "email": "newcomer@example.org", "password": PASSWORD}
    page = window.get(f"{proxied.front.url}/signup")
    answer = window.post(page.url, data={**form, "csrf_token": csrf_token(page.text)}, headers={"Referer": page.url})
    assert answer.url.startswith(proxied.front.url)
    assert all(cookie.secure for cookie in window.cookies)
    assert proxied.front.url + link_in_mail("verify") in posted_texts()[-1]


def test_the_address_of_the_client_arrives_and_no_other_that_it_claims(proxied: Site) -> None:
    before = _networks()  # of the tests that this site was made for, too
    window = proxied.window(**{"X-Forwarded-For": "203.0.113.7"})
    window.mount("https://", _From("127.0.0.2"))
    page = window.get(f"{proxied.front.url}/login")
    wrong = {"username": "alice", "password": "wrong", "csrf_token": csrf_token(page.text)}
    window.post(page.url, data=wrong, headers={"Referer": page.url})
    assert _networks() - before == {"network:127.0.0.2"}


def _networks() -> set[str]:
    """The networks that have failed to sign in."""
    with read_transaction() as session:
        return {key for key in session.scalars(select(Budget.key)) if key.startswith("network:")}


def test_an_upload_reaches_the_store_while_it_is_sent(proxied: Site) -> None:
    token = create_token(proxied.alice.id, "streams", ["write"])
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    size = PART_BYTES + MORE_BYTES
    window = proxied.window(**headers)
    made = window.post(f"{proxied.front.url}/api/v1/uploads", headers={"Upload-Length": str(size)})
    path = made.headers["Location"]
    sent = {**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "Content-Length": size}
    with closing(_connection(proxied.front)) as connection:
        connection.putrequest("PATCH", path)
        for name, text in sent.items():
            connection.putheader(name, str(text))
        connection.endheaders(bytes(PART_BYTES))
        while window.head(proxied.front.url + path).headers["Upload-Offset"] != str(PART_BYTES):
            sleep(0.05)
        connection.send(bytes(MORE_BYTES))
        assert connection.getresponse().status == 204
    assert window.head(proxied.front.url + path).headers["Upload-Offset"] == str(size)


def test_git_pushes_and_clones(proxied: Site, tmp_path: Path) -> None:
    create_project(proxied.alice, name="website", description="", visibility="private")
    (tmp_path / ".gitconfig").write_text(f"[http]\n\tsslCAInfo = {proxied.front.certificate}\n\tpostBuffer = 65536\n")
    alice = Person("alice", tmp_path, proxied.front.url)
    work = alice.work()
    pushed = work.commit("A large file", large=bytes(range(256)) * 4096)
    work.push("alice/website", "main")
    assert alice.clone("alice/website", "again").sha("HEAD") == pushed


@pytest.fixture(scope="module", params=list(FRONTS))
def alone(request: pytest.FixtureRequest, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A proxy none of whose groups answers."""
    folder = tmp_path_factory.mktemp("alone") / "front"
    with FRONTS[request.param](run, folder, port=free_port(), groups=[free_port(), free_port()]) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/alice/website", "text/html; charset=utf-8"),
        ("/api/v1/user", "application/problem+json"),
        ("/alice/website.git/info/refs?service=git-upload-pack", "text/plain"),
        ("/alice/website.git/info/lfs/objects/batch", "application/vnd.git-lfs+json"),
    ],
)
def test_without_a_group_each_reader_is_told_in_its_own_way(alone: Front, path: str, kind: str) -> None:
    with closing(_connection(alone)) as connection:
        connection.request("GET", path, headers={"X-Request-ID": "one-of-my-own"})
        answer = connection.getresponse()
        text = answer.read().decode()
    assert (answer.status, answer.headers["Content-Type"]) == (503, kind)
    assert answer.headers["X-Request-ID"] == "one-of-my-own"
    assert int(answer.headers["Retry-After"]) > 0
    assert "The server is restarting." in text
    if kind.endswith("json"):
        assert json.loads(text)


def test_a_group_that_is_away_is_not_noticed(
    proxied: Site, request: pytest.FixtureRequest, run: Run, tmp_path: Path
) -> None:
    kind = request.node.callspec.params["proxied"]
    groups = [free_port(), proxied.group, free_port()]
    with FRONTS[kind](run, tmp_path / "front", port=free_port(), groups=groups) as front:
        window = _window(front)
        assert {window.get(f"{front.url}/explore").status_code for _ in range(9)} == {200}


def _window(front: Front, **headers: str) -> requests.Session:
    """A browser that trusts the proxy's certificate."""
    made = requests.Session()
    made.verify, made.trust_env = str(front.certificate), False
    made.headers.update(headers)
    return made


def _connection(front: Front) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(front.certificate))
    return http.client.HTTPSConnection("localhost", int(front.url.rpartition(":")[2]), context=context)
