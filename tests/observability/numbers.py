"""Numbers read from a scrape."""

from prometheus_client.parser import text_string_to_metric_families


def number(text: str, name: str, **labels: str) -> float:
    """The sum of the samples of this name that carry these labels; 0 when there is none."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    chosen = [sample for sample in samples if sample.name == name and labels.items() <= sample.labels.items()]
    return sum(sample.value for sample in chosen)


def names(text: str) -> set[str]:
    """The names of all families of a scrape."""
    return {family.name for family in text_string_to_metric_families(text)}
