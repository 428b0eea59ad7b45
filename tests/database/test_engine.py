"""What an error of the database tells the log, and what the server prepares."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from framework.config import Config
from framework.database.session import transaction
from tests.cast import on_each_deployment
from tests.statements import repeat_and_count_prepared


@on_each_deployment
def test_an_error_does_not_repeat_what_people_sent(settings: Config) -> None:
    with pytest.raises(DBAPIError) as refused, transaction() as session:
        session.execute(text("SELECT nothing FROM nowhere WHERE secret = :secret"), {"secret": "mother's maiden name"})
    assert "nowhere" in str(refused.value)
    assert "maiden" not in str(refused.value)


@pytest.mark.deployments("production-like")
def test_what_each_page_reads_is_prepared_by_the_server_and_nothing_else(settings: Config) -> None:
    assert repeat_and_count_prepared() == 1
