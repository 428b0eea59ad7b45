"""What `/metrics` finds out when it is asked: the state of the journal, the outbox and the cache."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework import config
from framework.celery.models import OutboxRow
from framework.celery.outbox import FAILED, HANDED, RUNNING, WAITING
from framework.database.session import read_transaction
from framework.database.types import now
from framework.repositories.cache import eviction
from framework.repositories.catalog.checks import health_of
from framework.repositories.models import Version

log = logging.getLogger(__name__)

STATES = (WAITING, HANDED, RUNNING, FAILED)
"""Of the outbox; finished rows are many, and nobody waits for them."""


class State(Collector):
    """The state that all processes of the deployment share, and this machine's cache."""

    def collect(self) -> Iterable[Metric]:
        """The numbers of this moment; without the database's when it does not answer."""
        yield from _cache()
        yield from _database()


def _cache() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "holdfast_cache_bytes", "What the local copies of repositories take.", value=eviction.count_cached_bytes()
    )
    yield GaugeMetricFamily("holdfast_cache_limit_bytes", "CACHE_MAX_BYTES.", value=config.current().cache_max_bytes)


def _database() -> list[Metric]:
    up = GaugeMetricFamily("holdfast_database_up", "Whether the database answers.")
    try:
        with read_transaction() as session:
            found = [*_log(session), *_outbox(session), *_objects(session)]
    except SQLAlchemyError as failure:
        log.warning("The metrics lack the database's numbers: %s", failure)
        found = []
    up.add_metric([], bool(found))
    return [up, *found]


def _log(session: Session) -> Iterator[Metric]:
    query = select(func.count(), func.min(Version.created_at)).where(Version.confirmed_at.is_(None))
    entries, oldest = session.execute(query).one()
    yield GaugeMetricFamily(
        "holdfast_log_unconfirmed", "Versions whose log entry is not in the object store yet.", value=entries
    )
    yield GaugeMetricFamily(
        "holdfast_log_unconfirmed_oldest_seconds", "The age of the oldest of them.", value=_age(oldest)
    )


def _objects(session: Session) -> Iterator[Metric]:
    health = health_of(session)
    yield GaugeMetricFamily(
        "holdfast_damaged_packs", "Packs that were read back damaged or not at all.", value=health.damaged_packs
    )
    yield GaugeMetricFamily(
        "holdfast_damaged_lfs_objects", "The same of Git LFS objects.", value=health.damaged_lfs_objects
    )
    yield GaugeMetricFamily(
        "holdfast_damaged_repositories",
        "Repositories that a full restore failed.",
        value=health.damaged_repositories,
    )
    yield GaugeMetricFamily(
        "holdfast_checks_late", "1 if a check is more than twice as old as allowed.", value=health.late
    )
    yield GaugeMetricFamily(
        "holdfast_pack_check_oldest_seconds",
        "How long ago the pack or Git LFS object was checked that waits longest.",
        value=_age(health.oldest_check_at),
    )


def _outbox(session: Session) -> Iterator[Metric]:
    query = select(OutboxRow.state, func.count(), func.min(OutboxRow.created_at))
    rows = session.execute(query.where(OutboxRow.state.in_(STATES)).group_by(OutboxRow.state)).all()
    counts = GaugeMetricFamily("holdfast_outbox", "Tasks that are not finished, by state.", labels=["state"])
    ages = GaugeMetricFamily("holdfast_outbox_oldest_seconds", "The age of the oldest of them.", labels=["state"])
    found = {state: (count, _age(oldest)) for state, count, oldest in rows}
    for state in STATES:
        count, age = found.get(state, (0, 0.0))
        counts.add_metric([state], count)
        ages.add_metric([state], age)
    yield counts
    yield ages


def _age(moment: datetime | None) -> float:
    return (now() - moment).total_seconds() if moment else 0.0
