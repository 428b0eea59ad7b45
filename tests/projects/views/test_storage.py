"""The storage page of a project: what is kept, what it costs, when it was verified; for owners only."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.config import Config, ConfigError
from framework.database.session import transaction
from framework.formatting import format_dollars
from framework.projects import tasks
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.archiving import TASK
from framework.projects.members.people import add_person
from framework.repositories.cache import eviction
from framework.repositories.catalog.storage_totals import read_totals
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.repositories.models import LfsObject, Pack
from framework.storage.prices import monthly_costs
from tests.cast import SignIn, Visitor, asked_for
from tests.repositories.conftest import Bench

PAGE = "/alice/website/settings/storage"


@pytest.fixture
def files(website: ProjectAccess, tmp_path: Path) -> Bench:
    """The website with a large file and a small one."""
    bench = Bench(website.repository_id, tmp_path)
    bench.write(bench.put("large", os.urandom(2 << 20)), bench.put("small", b"1"))
    return bench


def test_it_tells_what_is_kept_and_what_it_costs(files: Bench, alice: Account, signed_in: SignIn) -> None:
    person = signed_in(alice)
    files.read("small")
    page = person.get(PAGE).text
    assert ">Cached<" in page
    assert "2 packs" in page
    assert "4 Git objects" in page
    assert "1 version." in page
    assert "S3 Glacier Instant Retrieval" in page
    assert "A block volume twice the size" in page
    assert "2013" not in page
    assert "This one has not been chosen yet." in page
    eviction.evict(files.repository_id)
    assert ">Not cached<" in person.get(PAGE).text


def test_a_project_without_a_file_has_a_page_too(website: ProjectAccess, alice: Account, signed_in: SignIn) -> None:
    page = signed_in(alice).get(PAGE)
    assert page.status_code == 200
    assert "Nothing is stored yet." in page.text
    assert "$0.00" in page.text


def test_lfs_objects_are_counted(files: Bench, alice: Account, signed_in: SignIn) -> None:
    before = read_storage_usage(files.repository_id).size_bytes
    row = {"oid": "0" * 64, "name": "1" * 32, "size_bytes": 3 << 20, "epoch": 1, "version": 1}
    with transaction() as session:
        session.add(LfsObject(repository_id=files.repository_id, **row))
    assert read_storage_usage(files.repository_id).size_bytes == before + (3 << 20)
    assert "and 1 Git LFS object." in signed_in(alice).get(PAGE).text


def test_a_fault_is_shown_to_the_owner(files: Bench, alice: Account, signed_in: SignIn) -> None:
    with transaction() as session:
        session.execute(update(Pack).where(Pack.kind == "blobs").values(fault="pack-x is missing in the object store."))
    assert "pack-x is missing in the object store." in signed_in(alice).get(PAGE).text


def test_nobody_else_sees_it(
    files: Bench, alice: Account, bob: Account, website: ProjectAccess, visitor: Visitor, signed_in: SignIn
) -> None:
    add_person(alice, website, person="bob", role="writer")
    assert visitor.get(PAGE).status_code == 302
    assert signed_in(bob).get(PAGE).status_code == 403


def test_the_instance_holds_the_sum_of_its_projects(files: Bench, new_other: Bench) -> None:
    parts = [read_storage_usage(bench.repository_id) for bench in (files, new_other)]
    tasks.count_storage()
    counted = read_totals()
    assert counted
    everything = counted.usage
    assert everything == read_storage_usage()
    assert everything.size_bytes == sum(part.size_bytes for part in parts)
    assert (everything.repositories, everything.packs, everything.versions) == (2, 3, 2)


@pytest.fixture
def new_other(secret: ProjectAccess, tmp_path: Path) -> Bench:
    """Another project, with one small file."""
    bench = Bench(secret.repository_id, tmp_path)
    bench.write(bench.put("a", b"1"))
    return bench


def test_prices_are_settings(with_settings: Callable[..., Config]) -> None:
    prices = Config.from_environment({"STORAGE_PRICES": "STANDARD=0.01 COLD=0.001", "SECRET_KEY": "x"}).storage_prices
    assert dict(prices)["STANDARD"] == 0.01
    assert dict(prices)["BLOCK"] == 0.08
    with_settings(storage_prices=(("COLD", 0.5), ("BLOCK", 1.0)))
    costs = {cost.name: cost.dollars for cost in monthly_costs(2 << 30)}
    assert (costs["COLD"], costs["A block volume twice the size"]) == (1.0, 4.0)


@pytest.mark.parametrize("text", ["STANDARD", "STANDARD=", "standard=1", "STANDARD=cheap", "STANDARD=-1"])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="write each as NAME=DOLLARS"):
        Config.from_environment({"STORAGE_PRICES": text, "SECRET_KEY": "x"})


@pytest.mark.parametrize(
    ("amount", "words"), [(0, "$0.00"), (0.000001, "< 0.001 ¢"), (0.0023, "0.23 ¢"), (1234.5, "$1,234.50")]
)
def test_small_amounts_are_parts_of_a_cent(amount: float, words: str) -> None:
    assert format_dollars(amount) == words


def test_the_owner_archives_a_project_and_can_watch(
    files: Bench, website: ProjectAccess, alice: Account, signed_in: SignIn
) -> None:
    files.write(files.put("small", b"2"))
    owner = signed_in(alice)
    answer = owner.submit(PAGE, to=f"{PAGE}/archive")
    [row] = asked_for(TASK)
    assert answer.location == f"/work/{row[2]}"
    assert tasks.archive_project.run(*row)
    assert "Archive of alice/website" in owner.get(answer.location).text
    assert ">Not cached<" in owner.get(PAGE).text
    assert files.read("small") == b"2"


def test_only_the_owner_archives(files: Bench, bob: Account, signed_in: SignIn) -> None:
    page = signed_in(bob)
    assert page.submit("/new", to=f"{PAGE}/archive").status_code == 403
    assert asked_for(TASK) == []
