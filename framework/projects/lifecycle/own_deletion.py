"""Somebody deletes their own account: by the rules of `leaving`, and nothing of others' is lost with it.

One transaction suspends the account and leaves the rest to a task, so that no crash stops halfway.
"""

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses, sessions
from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.accounts.models import User
from framework.audit import log as audit
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages
from framework.projects.core.owners import lock_co_owners
from framework.projects.core.validation import require_own_name
from framework.projects.lifecycle.left_behind import Leaving, read_leaving, refuse_loss

FINISH = "framework.projects.tasks.finish_deletion"


def preview(account: Account) -> Leaving:
    """What deleting the account would do now."""
    with read_transaction() as session:
        return read_leaving(session, session.get_one(User, account.id))


def delete_own_account(account: Account, confirmation: str) -> None:
    """Suspend the account at once, and have it deleted by a task; projects that nobody shares go to the trash.

    Raises:
        OtherName: `confirmation` is not the user name.
        LastOwner: others take part in projects of which the person is the only owner.
        OwnsGroups: the person is the only owner of groups.
        LastAdministrator: nobody else is one.
    """
    require_own_name(account, confirmation)
    with transaction() as session:
        user = lock_co_owners(session, account.id)
        Account.of(user)
        leaving = read_leaving(session, user)
        refuse_loss(leaving)
        administration.refuse_last_admin(session, user)
        audit.record(session, "deletion_asked", actor=user, person=user)
        _mail(session, user, leaving)
        user.suspended_at = now()
        sessions.end_all_sessions(session, user.id)
        enqueue(session, FINISH, user.id)


def _mail(session: Session, user: User, leaving: Leaving) -> None:
    email = addresses.find_confirmed_address(user)
    if email is None:
        return
    settings = config.current()
    facts = {
        "name": user.name,
        "site": settings.base_url,
        "sentences": leaving.sentences,
        "days": settings.trash_days,
    }
    key = f"account-deletion-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template="account_deletion", facts=facts, key=key))
