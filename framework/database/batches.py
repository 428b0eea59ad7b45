"""Long lists in statements: PostgreSQL takes 65,535 parameters in one, SQLite half as many at the least."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

BATCH_VALUES = 500

T = TypeVar("T")


def in_batches(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """So many of the values at a time as every database takes in one statement."""
    waiting = iter(values)
    while batch := list(islice(waiting, BATCH_VALUES)):
        yield batch
