"""The mails that an account gets about itself; each is queued in the transaction of what it tells."""

from datetime import timedelta

from sqlalchemy.orm import Session

from framework import config
from framework.accounts import links
from framework.accounts.models import User
from framework.database.types import now
from framework.email import messages


def confirm_address(session: Session, user: User) -> None:
    """Ask a person to confirm that the address is theirs."""
    facts = {"name": user.name, "link": f"{config.current().base_url}/verify/{links.verify_token(user)}"}
    ends = now() + timedelta(days=links.VERIFY_DAYS)
    messages.queue(session, to=user.email, template="signup", facts=facts, key=_key("verify", user), expires_at=ends)


def choose_password(session: Session, user: User) -> None:
    """Send a link that lets a person choose a new password."""
    link = f"{config.current().base_url}/reset/{links.reset_token(user)}"
    facts = {"name": user.name, "link": link, "hours": links.RESET_HOURS}
    ends = now() + timedelta(hours=links.RESET_HOURS)
    messages.queue(session, to=user.email, template="reset", facts=facts, key=_key("reset", user), expires_at=ends)


def address_changed(session: Session, user: User, *, earlier: str) -> None:
    """Tell the earlier address that it is no longer the account's."""
    facts = {
        "name": user.name,
        "title": "Your e-mail address was changed",
        "what": f"the e-mail address of your account is now {user.email}.",
        "remedy": f"write to the people who run {config.current().base_url}.",
        "link": None,
    }
    messages.queue(session, to=earlier, template="security", facts=facts, key=_key("moved", user))


def password_changed(session: Session, user: User) -> None:
    """Tell a person that the password is another one now."""
    facts = {
        "name": user.name,
        "title": "Your password was changed",
        "what": "the password of your account was changed.",
        "remedy": "choose a new one at once.",
        "link": f"{config.current().base_url}/forgot",
    }
    messages.queue(session, to=user.email, template="security", facts=facts, key=_key("password", user))


def _key(kind: str, user: User) -> str:
    return f"{kind}-{user.id}-{now():%Y%m%d%H%M%S%f}"
