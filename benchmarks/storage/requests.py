"""How often each operation asks the object store: the cost that no machine's noise can hide."""

from collections.abc import Iterator

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.deployment import MIB, project
from framework.celery.jobs import track_progress
from framework.database.session import transaction
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import evict
from framework.repositories.cache.marker import FULL
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.write.creation import create_repository
from framework.storage.counting import requests


def tabulate() -> Table:
    """What each operation asks of the object store."""
    return show_figures("requests to the object store", list(measure()))


def measure() -> Iterator[Figure]:
    """Every row of the table, on a project of 40 files and two large ones."""
    with project() as made:
        with requests() as asked, transaction() as session:
            create_repository(session, {})
        yield Figure("create a project", asked.total, "", 0)
        with requests() as asked:
            made.upload({"first": 100})
        yield Figure("the first upload to a project that this process made", asked.total, "", 2)
        with requests() as asked:
            made.upload({f"small-{number}": 1000 for number in range(40)})
        yield Figure("upload of 40 small files", asked.total, "", 2)
        with requests() as asked:
            made.upload({"large-1": 2 * MIB, "large-2": 2 * MIB, "small": 100})
        yield Figure("upload with large files", asked.total, "", 4)
        yield Figure("a page, warm", _page(made.repository_id), "", 0)
        evict(made.repository_id)
        yield Figure(
            "the first page of a cold project (3 history packs, 1 of large blobs)", _page(made.repository_id), "", 4
        )
        with requests() as asked, open_copy(made.repository_id, FULL):
            pass
        yield Figure("what a clone fetches beyond the page", asked.total, "", 1)
        with requests() as asked, open_copy(made.repository_id, FULL):
            pass
        yield Figure("a clone, warm", asked.total, "", 0)
        with track_progress("consolidation") as work:
            consolidate(RepackRequest(made.repository_id), work)
        evict(made.repository_id)
        yield Figure("the first page of a cold project, consolidated", _page(made.repository_id), "", 3)
        with requests() as asked, open_copy(made.repository_id, FULL):
            pass
        yield Figure("what a clone fetches beyond the page: large blobs, three side files", asked.total, "", 4)


def _page(repository_id: str) -> int:
    with requests() as asked, open_copy(repository_id) as copy:
        list_folder(copy, find(copy, resolve(copy, "main"), ""))
    return asked.total
