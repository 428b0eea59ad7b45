"""Where the batch API sends clients: to the bucket itself, or to this server when the bucket is out of their reach."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select, text

from framework.accounts.core.account import Account
from framework.accounts.models import PlanLimits
from framework.config import Config
from framework.database.session import transaction
from framework.gitcore.lfs.pointer import Pointer
from framework.lfs.batch import UPLOAD, Batch, answer
from framework.lfs.receiving import receive
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project
from framework.projects.members import quota
from framework.repositories.models import Repository
from tests.cast import on_each_deployment_in_full
from tests.celery.test_workers import eventually

pytestmark = on_each_deployment_in_full

ASKED = Pointer("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", 1)
"""The SHA-256 of one `x`."""
CLIENTS = 8


def address(name: str) -> str:
    return f"https://here.example/{name}"


def actions(project: ProjectAccess, operation: str) -> dict[str, dict[str, object]]:
    [line] = answer(project, Batch(operation, [ASKED]), address)["objects"]
    found: dict[str, dict[str, object]] = line["actions"]
    return found


def test_it_offers_the_bucket_where_there_is_one(website: ProjectAccess, settings: Config) -> None:
    found = actions(website, UPLOAD)
    if settings.s3_endpoint_url is None:
        assert found == {"upload": {"href": f"https://here.example/{ASKED.oid}"}}
    else:
        assert str(found["upload"]["href"]).startswith(settings.s3_endpoint_url)
        assert found["upload"]["expires_in"] == 60
        assert found["verify"] == {"href": "https://here.example/verify"}


def test_it_can_be_told_to_send_everything_here(website: ProjectAccess, with_settings: Callable[..., Config]) -> None:
    with_settings(lfs_direct=False)
    assert actions(website, UPLOAD) == {"upload": {"href": f"https://here.example/{ASKED.oid}"}}


def test_who_asks_again_keeps_what_was_received(website: ProjectAccess) -> None:
    actions(website, UPLOAD)
    receive(website.repository_id, ASKED.oid, [b"x"])
    receive(website.repository_id, ASKED.oid, [])
    [line] = answer(website, Batch(UPLOAD, [ASKED]), address)["objects"]
    assert line == {"oid": ASKED.oid, "size": 1}


def test_batches_at_one_moment_are_not_promised_the_same_room(
    website: ProjectAccess, alice: Account, with_settings: Callable[..., Config]
) -> None:
    """In two projects of one owner, whose quota has room for one of the objects."""
    create_project(alice, name="garden", description="", visibility="private")
    projects = [website, project_for(alice, "alice", "garden")]
    with_settings(quota_bytes=3)
    together = Barrier(CLIENTS)

    def ask(number: int) -> bool:
        together.wait()
        batch = Batch(UPLOAD, [Pointer(f"{number:064x}", 2)])
        [line] = answer(projects[number % 2], batch, address)["objects"]
        return "actions" in line

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert sum(pool.map(ask, range(CLIENTS))) == 1


def test_an_object_over_the_plan_is_not_promised_room(website: ProjectAccess) -> None:
    with transaction() as session:
        session.add(PlanLimits(name="free", stored_bytes=100, private_projects=None, file_bytes=2))
    batch = Batch(UPLOAD, [Pointer(f"{size:064x}", size) for size in (2, 3)])
    fits, over = answer(website, batch, address)["objects"]
    assert "actions" in fits
    assert over["error"]["code"] == 422
    assert "may have 2 bytes in projects with the plan free" in over["error"]["message"]


@pytest.mark.deployments("production-like")
def test_a_batch_waits_for_the_owner_without_holding_the_project(website: ProjectAccess) -> None:
    """A commit locks the owner first and then the repository: in another order the two would wait for each other."""
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            quota.lock_owner(session, website)
            asked = pool.submit(actions, website, UPLOAD)

            def is_waiting() -> bool:
                session.execute(text("SELECT pg_stat_clear_snapshot()"))
                return bool(session.scalar(waits))

            eventually(is_waiting)
            row = select(Repository.id).where(Repository.id == website.repository_id)
            assert session.scalar(row.with_for_update(nowait=True))
        assert "upload" in asked.result()
