"""Numbers read from a scrape, and how they have grown in this process."""

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


class Growth:
    """How much this process's counts have grown since the beginning."""

    def __init__(self) -> None:
        self._before = _scrape()

    def of(self, name: str, **labels: str) -> float:
        """The growth of one number."""
        return number(_scrape(), name, **labels) - number(self._before, name, **labels)


def _scrape() -> str:
    return generate_latest(COUNTS).decode()
