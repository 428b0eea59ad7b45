"""Addresses that bounced: they get no mail until their owner says that they work again."""

from sqlalchemy import ScalarSelect, SQLColumnExpression, delete, func, select
from sqlalchemy.orm import Session

from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.email.models import StoppedAddress
from framework.errors import Invalid


class AddressStopped(Invalid):
    """The address bounced before, so nothing is sent to it."""


def stop(address: str, reason: str) -> None:
    """Send nothing to this address any more."""
    with transaction() as session:
        insert_if_absent(session, StoppedAddress, address_key=address.casefold(), reason=reason)


def resume(address: str) -> None:
    """Send to this address again."""
    with transaction() as session:
        session.execute(delete(StoppedAddress).where(StoppedAddress.address_key == address.casefold()))


def reason_for(session: Session, address: str) -> str | None:
    """Why nothing is sent to this address; None when it gets mail."""
    found = session.get(StoppedAddress, address.casefold())
    return found.reason if found else None


def select_reason(address: SQLColumnExpression[str], key: SQLColumnExpression[str]) -> ScalarSelect[str]:
    """The same for the address in a row; `key` is its case-folded form where the row has that, else anything."""
    keys = StoppedAddress.address_key.in_((key, func.lower(address)))
    return select(StoppedAddress.reason).where(keys).limit(1).scalar_subquery()


def refuse_stopped(address: str) -> None:
    """Let an address pass that gets mail.

    Raises:
        AddressStopped: it does not.
    """
    with read_transaction() as session:
        reason = reason_for(session, address)
    if reason:
        raise AddressStopped(f"Nothing is sent to {address} since it bounced: {reason}")
