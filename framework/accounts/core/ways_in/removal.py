"""The end of ways in, in the transaction of the cause: all of an account's, or those that a thief may have added."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from framework.accounts.core.ways_in.reading import has_second_factor
from framework.accounts.models import AuthenticatorApp, Identity, Passkey, RecoveryCode


def remove_second_factors(session: Session, user_id: int) -> None:
    """Have the password alone be enough again: the app, the passkeys and the recovery codes of the account end."""
    for model in (AuthenticatorApp, Passkey, RecoveryCode):
        session.execute(delete(model).where(model.user_id == user_id))


def remove_all(session: Session, user_id: int) -> None:
    """End every way into the account but its password."""
    remove_second_factors(session, user_id)
    session.execute(delete(Identity).where(Identity.user_id == user_id))


def remove_since(session: Session, user_id: int, moment: datetime) -> None:
    """End what was added since this moment; recovery codes go with the last second factor."""
    for model in (AuthenticatorApp, Passkey, RecoveryCode, Identity):
        session.execute(delete(model).where(model.user_id == user_id, model.created_at >= moment))
    remove_idle_codes(session, user_id)


def remove_idle_codes(session: Session, user_id: int) -> None:
    """Delete recovery codes that stand in for no second factor any more."""
    if not has_second_factor(session, user_id):
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
