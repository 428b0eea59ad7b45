"""The mails that an account gets about itself; each is queued in the transaction of what it tells."""

from sqlalchemy.orm import Session

from framework import config
from framework.accounts import links
from framework.accounts.models import User
from framework.database.types import now
from framework.email import messages


def confirm_address(session: Session, user: User) -> None:
    """Ask a person to confirm that the address is theirs."""
    address = f"{config.current().base_url}/verify/{links.verify_token(user)}"
    text = f"Hello {user.name},\n\nplease confirm that this is your address:\n\n{address}\n\n{_NOT_YOU}"
    messages.queue(session, to=user.email, subject="Confirm your e-mail address", text=text, key=_key("verify", user))


def choose_password(session: Session, user: User) -> None:
    """Send a link that lets a person choose a new password."""
    address = f"{config.current().base_url}/reset/{links.reset_token(user)}"
    text = (
        f"Hello {user.name},\n\nchoose a new password here; the link works once and for {links.RESET_HOURS} hours:\n\n"
        f"{address}\n\n{_NOT_YOU}"
    )
    messages.queue(session, to=user.email, subject="Choose a new password", text=text, key=_key("reset", user))


def address_changed(session: Session, user: User, *, earlier: str) -> None:
    """Tell the earlier address that it is no longer the account's."""
    text = (
        f"Hello {user.name},\n\nthe e-mail address of your account is now {user.email}. If it was not you who "
        f"changed it, write to the people who run {config.current().base_url}."
    )
    messages.queue(session, to=earlier, subject="Your e-mail address was changed", text=text, key=_key("moved", user))


def password_changed(session: Session, user: User) -> None:
    """Tell a person that the password is another one now."""
    text = (
        f"Hello {user.name},\n\nthe password of your account was changed. If it was not you, choose a new one at "
        f"{config.current().base_url}/forgot."
    )
    messages.queue(session, to=user.email, subject="Your password was changed", text=text, key=_key("password", user))


_NOT_YOU = "If you did not ask for this, ignore this message."


def _key(kind: str, user: User) -> str:
    return f"{kind}-{user.id}-{now():%Y%m%d%H%M%S%f}"
