"""The mutations can be applied to the code as it is: a list that has gone stale would prove nothing."""

import pytest

from tests.mutation import Mutation
from tests.mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.invariant)
def test_its_text_stands_where_it_says(mutation: Mutation) -> None:
    assert (ROOT / mutation.file).read_text().count(mutation.kept) == 1
    assert mutation.broken != mutation.kept


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.invariant)
def test_the_tests_that_have_to_notice_are_there(mutation: Mutation) -> None:
    file, *chosen = mutation.tests.split(" -k ")
    text = (ROOT / file).read_text()
    assert all(words in text for words in chosen)
