"""The mails that an account gets about itself; each is queued in the transaction of what it tells."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses, signed_links, throttle
from framework.accounts.models import AddressChange, Token, User
from framework.database.types import now
from framework.email import messages
from framework.errors import Invalid


class NoAddress(Invalid):
    """No mail can be sent to the account: it has confirmed no address, and none waits."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The account {name} has no e-mail address, so it cannot get a link for a password.")
        self.command_hint = f"`flask users password {name}` sets its password."


def mail_confirmation_link(session: Session, user: User) -> None:
    """Ask a person to confirm that the address is theirs; an account that has confirmed it already is told instead."""
    email = addresses.find_pending_address(user)
    if email is None:
        return
    owner = addresses.find_confirmed(session, email)
    if owner and owner is not user:
        _mail_claim(session, owner, by=user)
        return
    facts = {"name": user.name, "link": _link("verify", signed_links.verify_token(user, email))}
    ends = now() + timedelta(days=signed_links.VERIFY_DAYS)
    messages.queue(
        session, messages.prepare(to=email, template="signup", facts=facts, key=_key("verify", user), expires_at=ends)
    )


def mail_renewal_link(session: Session, user: User) -> None:
    """Ask a student or researcher to confirm the address once more."""
    facts = {"name": user.name, "email": user.email, "link": _renewal_link(user)}
    ends = now() + timedelta(days=signed_links.VERIFY_DAYS)
    key = _key("renewal", user)
    messages.queue(session, messages.prepare(to=user.email, template="renewal", facts=facts, key=key, expires_at=ends))


def mail_removal(session: Session, user: User, *, days: int) -> None:
    """Tell somebody whose address was never confirmed that the empty account will be removed, and how to keep it."""
    email = addresses.find_contact_address(user)
    if email is None:
        return
    link = _link("verify", signed_links.verify_token(user, email))
    facts = {"name": user.name, "site": config.current().base_url, "days": days, "link": link}
    messages.queue(session, messages.prepare(to=email, template="removal", facts=facts, key=_key("removal", user)))


def mail_student_plan_ends(session: Session, user: User, *, ends_at: datetime) -> None:
    """Tell a student once when the plan will end and how to keep it."""
    facts = {"name": user.name, "ends": f"{ends_at:%-d %b %Y}", "link": _link("settings", "usage")}
    key = f"student-{user.id}-{ends_at:%Y%m%d}"
    messages.queue(session, messages.prepare(to=user.email, template="student", facts=facts, key=key))


def mail_password_link(session: Session, user: User, *, request: str | None = None) -> None:
    """Send a link that lets a person choose a new password, once for a request.

    Raises:
        NoAddress: the account has no address, not even one that waits for its confirmation.
    """
    email = addresses.find_contact_address(user)
    if email is None:
        raise NoAddress(user.name)
    facts = {
        "name": user.name,
        "link": _link("reset", signed_links.reset_token(user)),
        "hours": signed_links.RESET_HOURS,
    }
    key = f"reset-{user.id}-{request}" if request else _key("reset", user)
    ends = now() + timedelta(hours=signed_links.RESET_HOURS)
    messages.queue(session, messages.prepare(to=email, template="reset", facts=facts, key=key, expires_at=ends))


def mail_address_change_request(session: Session, user: User) -> None:
    """Tell the confirmed address that another one is to replace it."""
    warn(
        session,
        user,
        title="Your e-mail address is about to change",
        what=f"The e-mail address of your account will be {user.pending_email} once that address is confirmed.",
        remedy="choose a new password at once: that also cancels the change.",
    )


def mail_address_change(session: Session, user: User, change: AddressChange) -> None:
    """Tell the address that was replaced, with the link that undoes it."""
    facts = {
        "name": user.name,
        "email": user.email,
        "link": _link("undo", signed_links.undo_token(change)),
        "days": signed_links.UNDO_DAYS,
    }
    ends = now() + timedelta(days=signed_links.UNDO_DAYS)
    key = _key("moved", user)
    messages.queue(
        session, messages.prepare(to=change.email, template="address_changed", facts=facts, key=key, expires_at=ends)
    )


def mail_password_change(session: Session, user: User) -> None:
    """Tell a person that the password is another one now."""
    warn(session, user, title="Your password was changed", what="The password of your account was changed.")


def mail_new_token(session: Session, user: User, token: Token) -> None:
    """Tell a person that there is another access token; a thief may have made it."""
    may = "read and change everything" if "admin" in token.scopes else token.scopes.replace(" ", " and ")
    ends = f", until {token.expires_at:%-d %b %Y}" if token.expires_at else ""
    what = f"The access token “{token.name}” was created for your account. It can {may}{ends}."
    remedy = "delete it in your settings, under Access tokens, and choose a new password."
    warn(session, user, title="A new access token was created", what=what, remedy=remedy)


def mail_found_token(session: Session, user: User, token: Token) -> None:
    """Tell a person that somebody was about to store a token of theirs, perhaps they themselves."""
    what = (
        f"Somebody tried to store a file that contains your access token “{token.name}”. This was refused, but the"
        " token still works, and the file may be somewhere else, too."
    )
    remedy = "or even if it was, delete the token in your settings, under Access tokens, and create a new one."
    warn(session, user, title="One of your access tokens was in a file", what=what, remedy=remedy)


def mail_suspension(session: Session, user: User, *, reason: str) -> None:
    """Tell a person that the account is suspended, and the administrator's reason."""
    _mail_account(session, user, "suspended", reason=reason)


def mail_resumption(session: Session, user: User) -> None:
    """Tell a person that the account can be used again."""
    _mail_account(session, user, "resumed", reason="")


def _mail_account(session: Session, user: User, template: str, *, reason: str) -> None:
    email = addresses.find_confirmed_address(user)
    if email is None:
        return
    facts = {"name": user.name, "reason": reason, "site": config.current().base_url, "link": _link("login")}
    messages.queue(session, messages.prepare(to=email, template=template, facts=facts, key=_key(template, user)))


def _mail_claim(session: Session, owner: User, *, by: User) -> None:
    """Tell the account that has an address that somebody else asked for it."""
    warn(
        session,
        owner,
        title="You already have an account",
        what=f"The account {by.name} asked for this address. It belongs to your account {owner.name}, and stays there.",
        remedy="you need not do anything. If it was, sign in with your user name; you can choose a new password.",
    )


def warn(
    session: Session, user: User, *, title: str, what: str, remedy: str = "choose a new password at once."
) -> None:
    """Tell a person what happened to the account; nobody is told where no address is known."""
    email = addresses.find_contact_address(user)
    if email is None or not (user.email_verified_at or throttle.may_mail_claimant(session, user.id, email)):
        return
    facts = {"name": user.name, "title": title, "what": what, "remedy": remedy, "link": _link("forgot")}
    messages.queue(session, messages.prepare(to=email, template="security", facts=facts, key=_key("security", user)))


def _renewal_link(user: User) -> str:
    return _link("verify", signed_links.verify_token(user, user.email))


def _link(*steps: str) -> str:
    return "/".join((config.current().base_url, *steps))


def _key(kind: str, user: User) -> str:
    return f"{kind}-{user.id}-{now():%Y%m%d%H%M%S%f}"
