"""What a month of so many bytes costs, in the store by its class and on a block volume; prices are settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from framework import config
from framework.formatting import GIB

STANDARD = "STANDARD"
BLOCK = "BLOCK"
VOLUME_FACTOR = 2
"""A volume is bought ahead of what lies on it: half of it is room to grow, and git's own copies while it repacks."""

NAMES = {
    STANDARD: "S3 Standard",
    "STANDARD_IA": "S3 Infrequent Access",
    "GLACIER_IR": "S3 Glacier Instant Retrieval",
    BLOCK: "A block volume twice the size",
}


@dataclass(frozen=True)
class MonthlyCost:
    """One way of keeping the bytes, and what it costs a month in US dollars."""

    name: str
    dollars: float
    now: bool = False


def costs_of(classes: Mapping[str, int]) -> list[MonthlyCost]:
    """Each way of keeping all of it; first the present one, when not all of these bytes lie in the same class."""
    costs = monthly_costs(sum(classes.values()))
    if not classes.keys() - {STANDARD}:
        return costs
    return [MonthlyCost("As it is kept now", present_dollars(classes), now=True), *costs]


def present_dollars(classes: Mapping[str, int]) -> float:
    """What a month of these bytes by storage class costs."""
    prices = dict(config.current().storage_prices)
    return sum(size / GIB * prices.get(name, prices[STANDARD]) for name, size in classes.items())


def monthly_costs(size_bytes: int) -> list[MonthlyCost]:
    """Each way, as the settings (`STORAGE_PRICES`) price it; requests and transfers are not among it."""
    gib = size_bytes / GIB
    prices = config.current().storage_prices
    return [
        MonthlyCost(NAMES.get(name, name), gib * price * (VOLUME_FACTOR if name == BLOCK else 1))
        for name, price in prices
    ]
