"""The storage of the whole instance in a few lines: bytes by kind, a month's cost, checks, and the caches."""

from collections.abc import Iterator

from framework import config
from framework.formatting import format_dollars, format_size
from framework.repositories.cache import eviction, usage
from framework.repositories.cache.usage import CacheFigures
from framework.repositories.catalog.storage_usage import StorageUsage, read_storage_usage
from framework.storage.prices import costs_of


def report_lines() -> Iterator[str]:
    """Every line of the report."""
    holdings = read_storage_usage()
    yield from _report_stored(holdings)
    yield ""
    yield "What a month of it costs, without requests and transfers:"
    yield from (f"  {cost.name:<42} {format_dollars(cost.dollars):>12}" for cost in costs_of(holdings.classes))
    yield ""
    yield from _checks(holdings)
    yield from _cache(usage.read_figures())


def _report_stored(holdings: StorageUsage) -> Iterator[str]:
    hot = len(eviction.copies())
    yield f"{holdings.repositories} projects, {hot} of them hot on this machine, {holdings.versions} versions."
    yield f"{format_size(holdings.size_bytes)} in {holdings.packs} packs with {holdings.objects} Git objects:"
    yield f"  {'history, folders, small files':<42} {format_size(holdings.history.pack_bytes):>12}"
    yield f"  {'large files':<42} {format_size(holdings.blobs.pack_bytes):>12}"
    yield f"  {'indexes':<42} {format_size(holdings.index_bytes):>12}"
    yield f"  {'Git LFS':<42} {format_size(holdings.lfs_bytes):>12}"
    yield f"  {'superseded, to be deleted':<42} {format_size(holdings.superseded_bytes):>12}"


def _checks(holdings: StorageUsage) -> Iterator[str]:
    if holdings.fault:
        yield f"DAMAGED: {holdings.fault}"
    if holdings.checked_at:
        yield f"Every pack and Git LFS object was read back, or sent, on {holdings.checked_at:%Y-%m-%d} or later."
    if holdings.restored_at:
        yield f"The last project was restored on trial on {holdings.restored_at:%Y-%m-%d}."


def _cache(figures: CacheFigures) -> Iterator[str]:
    """What the ghost list (`cache/eviction.py`) says: how many misses one more GiB on each machine had spared."""
    limit = format_size(config.current().cache_max_bytes)
    yield f"The cache of this machine holds {format_size(eviction.count_cached_bytes())} of {limit}."
    rate, more = figures.hit_rate, figures.hit_rate_with_more
    if rate is None or more is None:
        yield "No figures of the caches yet."
        return
    yield (
        f"Since {figures.since:%Y-%m-%d} {rate:.1%} of {figures.hits + figures.misses} openings on all machines found "
        f"their copy; with one GiB more on each it would have been about {more:.1%}."
    )
