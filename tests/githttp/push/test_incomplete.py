"""Pushes that do not arrive whole: packs that are damaged or lack objects, clients that go away."""

import os
import socket
import time
from base64 import b64encode
from urllib.parse import urlsplit

import pytest

from framework.projects.core.access import ProjectAccess
from framework.repositories.catalog.snapshot import read_snapshot
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House, others_are_answered
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, post, push_body
from tests.githttp.push.leftovers import scratch_of, state


@pytest.mark.parametrize("spoil", ["cut", "trailer", "count", "no pack", "nothing"])
def test_a_damaged_pack(house: House, alice: Person, project: ProjectAccess, work: Work, spoil: str) -> None:
    before = state(house, project)
    tip = work.commit("Second", a__txt=os.urandom(5000))
    pack = pack_of(work, *everything(work, tip))
    spoiled = {
        "cut": pack[: len(pack) // 2],
        "trailer": pack[:-1] + bytes([pack[-1] ^ 1]),
        "count": pack[:8] + (2_000_000).to_bytes(4, "big") + pack[12:],
        "no pack": b"not a pack at all",
        "nothing": b"",
    }[spoil]
    _status, said = post(alice, project.full_name, push_body([(NOTHING, tip, "refs/heads/side")], spoiled))
    assert b"ng refs/heads/side" in said
    assert (b"2,000,000 objects" in said) == (spoil == "count")
    assert state(house, project) == before


@pytest.mark.parametrize("lacking", ["tree", "blob", "parent", "tip"])
def test_a_push_that_lacks_an_object(
    house: House, alice: Person, project: ProjectAccess, work: Work, lacking: str
) -> None:
    before = state(house, project)
    said = push_without(lacking, alice, project, work)
    assert b"ng refs/heads/x The push lacks objects that its commits need." in said
    assert state(house, project) == before


@pytest.mark.parametrize("lacking", ["tree", "blob", "parent", "tip"])
def test_a_first_push_that_lacks_an_object(house: House, alice: Person, project: ProjectAccess, lacking: str) -> None:
    before = state(house, project)
    said = push_without(lacking, alice, project, alice.work())
    assert b"ng refs/heads/x The push lacks objects that its commits need." in said
    assert state(house, project) == before


def push_without(lacking: str, alice: Person, project: ProjectAccess, work: Work) -> bytes:
    """The answer to a push of two commits that leaves one of their objects out."""
    work.commit("Second", a__txt="2")
    tip = work.commit("Third", b__txt="3")
    names = {"tree": "HEAD^{tree}", "blob": "HEAD:b.txt", "parent": "HEAD~1", "tip": "HEAD"}
    sent = set(everything(work, tip)) - {work.sha(names[lacking])}
    return post(alice, project.full_name, push_body([(NOTHING, tip, "refs/heads/x")], pack_of(work, *sent)))[1]


@pytest.mark.long
def test_a_client_that_goes_away_leaves_nothing(
    house: House, alice: Person, project: ProjectAccess, work: Work
) -> None:
    before = state(house, project)
    work.git("config", "core.compression", "0")
    tip = work.commit("Large", one=os.urandom(50_000_000), two=os.urandom(50_000_000))
    body = push_body([(work.sha("HEAD~1"), tip, "refs/heads/main")], pack_of(work, *everything(work, tip)))
    secret = b64encode(f"{alice.name}:{alice.password}".encode()).decode()
    head = (
        f"POST /{project.full_name}.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Basic {secret}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    address = ("127.0.0.1", urlsplit(alice.url).port or 0)
    with others_are_answered(house), socket.create_connection(address) as connection:
        connection.sendall(head.encode() + body[:60_000_000])
        while not scratch_of(house):
            time.sleep(0.01)
    while scratch_of(house):
        time.sleep(0.01)
    assert state(house, project) == before
    work.push(project.full_name, "main")
    assert read_snapshot(project.repository_id).branches == {"main": tip}
