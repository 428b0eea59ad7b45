"""Numbers read from a scrape, and how they have grown in this process."""

from collections.abc import Callable

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from framework.observability.counts import COUNTS


def number(text: str, name: str, **labels: str) -> float:
    """The sum of the samples of this name that carry these labels; 0 when there is none."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    chosen = [sample for sample in samples if sample.name == name and labels.items() <= sample.labels.items()]
    return sum(sample.value for sample in chosen)


def names(text: str) -> set[str]:
    """The names of all families of a scrape."""
    return {family.name for family in text_string_to_metric_families(text)}


def scrape_counts() -> str:
    """What this process has counted."""
    return generate_latest(COUNTS).decode()


class Growth:
    """How much the numbers of a scrape have grown since the beginning."""

    def __init__(self, scrape: Callable[[], str] = scrape_counts) -> None:
        self._scrape, self._before = scrape, scrape()

    def of(self, name: str, **labels: str) -> float:
        """The growth of one number."""
        return number(self._scrape(), name, **labels) - number(self._before, name, **labels)
