"""What is handed to the driver is what SQLAlchemy would say and give."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, column, literal, select, table, update
from sqlalchemy.exc import DBAPIError

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.config import Config
from framework.database.prepared import PreparedSelect
from framework.database.session import read_rows, transaction
from framework.database.types import UTCDateTime, now
from tests.cast import on_each_deployment
from tests.statements import noted_statements

pytestmark = on_each_deployment

COLUMNS: tuple[Any, ...] = (User.id, User.name, User.admin, User.created_at, User.suspended_at, literal("a"))
STATEMENT = select(*COLUMNS).where(
    User.name.in_(["alice", "another"]),
    User.created_at < bindparam("before", type_=UTCDateTime()),
    User.created_at > bindparam("after", now() - timedelta(days=1), type_=UTCDateTime()),
)


def test_a_row_is_as_sqlalchemy_gives_it_by_one_statement(alice: Account) -> None:
    prepared, later = PreparedSelect(STATEMENT), {"before": now() + timedelta(days=1)}
    for _time in range(2):
        with noted_statements() as statements:
            found = prepared.read_row(later)
        assert len(statements) == 1
        with read_rows() as connection:
            assert found == tuple(connection.execute(STATEMENT, later).one())
    assert found
    assert (found[0], found[2], found[3].utcoffset()) == (alice.id, False, timedelta(0))
    assert prepared.read_row({"before": now() - timedelta(days=1)}) is None


def test_a_failure_is_sqlalchemys_and_tells_no_values(settings: Config) -> None:
    nowhere = table("nowhere", column("secret"))
    prepared = PreparedSelect(select(nowhere.c.secret).where(nowhere.c.secret == bindparam("secret")))
    with pytest.raises(DBAPIError) as refused:
        prepared.read_row({"secret": "mother's maiden name"})
    assert "nowhere" in str(refused.value)
    assert "maiden" not in str(refused.value)


def test_the_next_transaction_on_its_connection_can_be_rolled_back(alice: Account) -> None:
    prepared, mine = PreparedSelect(select(User.full_name).where(User.id == bindparam("id"))), {"id": alice.id}
    before = prepared.read_row(mine)
    with pytest.raises(ZeroDivisionError):
        rename_and_fail(alice)
    assert prepared.read_row(mine) == before


def rename_and_fail(account: Account) -> None:
    with transaction() as session:
        session.execute(update(User).where(User.id == account.id).values(full_name="Another"))
        raise ZeroDivisionError
