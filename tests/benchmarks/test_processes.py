"""What benchmarks of processes count: errors apart from times, and moments at which SQL is asked."""

import pytest
import requests

from benchmarks.processes.dyno import Journal
from benchmarks.processes.rest import count_moments


def test_a_page_that_fails_is_an_error_and_no_time() -> None:
    journal = Journal()
    for error in (AssertionError("500"), requests.ConnectionError("reset")):
        with journal.timed(journal.pages, 0.001):
            raise error
    with journal.timed(journal.pages, 0.001):
        pass
    assert len(journal.pages) == 1
    assert journal.errors == ["AssertionError('500')", "ConnectionError('reset')"]


def test_a_mistake_of_the_benchmark_is_no_error_of_the_page() -> None:
    journal = Journal()
    with pytest.raises(KeyError), journal.timed(journal.pages, 0.001):
        raise KeyError


@pytest.mark.parametrize(
    ("seconds", "moments"), [([], 0), ([30.0, 30.2, 30.9], 1), ([30.0, 30.2, 60.1, 90.0, 90.5], 3)]
)
def test_statements_that_are_close_together_are_of_one_moment(seconds: list[float], moments: int) -> None:
    assert count_moments(seconds) == moments
