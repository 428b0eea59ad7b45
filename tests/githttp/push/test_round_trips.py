"""How often a push waits for the store, counted where its requests pass: once for its packs, once for the journal."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from benchmarks.git.samples import Sample, make_files, make_noise, make_refs
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.storage import current
from tests.cast import new_account
from tests.servers.proxies.faults import Fault
from tests.servers.proxies.store_proxy import FaultyProxy

APART_SECONDS = 0.2
"""Each answer waits for so long, so that requests which are sent together are under way together."""


@pytest.fixture
def distant(app: Flask, settings: Config, with_settings: Callable[..., Config]) -> Iterator[FaultyProxy]:
    """A proxy before the S3 service of the deployment, whose application is there already."""
    proxy = FaultyProxy(str(settings.s3_endpoint_url))
    with_settings(s3_endpoint_url=proxy.url)
    current.dispose()
    current.ownership().look()  # a process looks whose the bucket is before it writes, not for each push
    with proxy.spoiling(Fault(delay_seconds=APART_SECONDS)):
        yield proxy
    proxy.stop()


@pytest.mark.deployments("production-like")
@pytest.mark.parametrize("make", [make_files, make_refs, pytest.param(make_noise, marks=pytest.mark.long)])
def test_a_push_waits_for_the_store_twice(
    distant: FaultyProxy, client: FlaskClient, tmp_path: Path, make: Callable[[Path], Sample]
) -> None:
    account = new_account("dora")
    secret = b64encode(f"x:{create_token(account.id, 'git', ['write'])}".encode()).decode()
    address, headers = f"/{account.name}/made-by-a-push.git", {"Authorization": f"Basic {secret}"}
    sample = make(tmp_path / "sample")
    before = distant.in_sequence
    assert client.get(f"{address}/info/refs?service=git-receive-pack", headers=headers).status_code == 200
    told = client.post(f"{address}/git-receive-pack", headers=headers, data=sample.push).data
    assert b"ok refs/heads/main" in told, told
    assert distant.in_sequence - before == 2
