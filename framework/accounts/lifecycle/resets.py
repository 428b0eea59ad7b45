"""A new password for whoever has forgotten theirs, by a link that is mailed to their address."""

from framework.accounts.core import addresses, emails, passwords, signed_links, throttle, validation
from framework.accounts.core.account import Account
from framework.accounts.core.ways_in.removal import remove_all
from framework.accounts.lifecycle.operations import list_guessable_words, set_password
from framework.database.session import read_transaction, transaction

MOST_CLAIMS = 5
"""For so many accounts that claim one address a link for a new password is sent."""


def send_reset(email: str, *, request: str) -> None:
    """Send a link for a new password to the account with this address, or to those that wait for it and have no other.

    One `request` sends one mail to each, however often it comes.
    """
    with transaction() as session:
        confirmed = addresses.find_confirmed(session, email)
        claims = [user for user in addresses.find_claims(session, email) if not user.email_verified_at]
        for user in [confirmed] if confirmed else claims[:MOST_CLAIMS]:
            if user.suspended_at is None and throttle.may_send_mail(session, user.id):
                emails.mail_password_link(session, user, request=request)


def reset_password(token: str, password: str) -> Account:
    """Set the password by a link from a mail, which also confirms the address; all sessions and tokens end.

    Raises:
        LinkExpired: the link works no longer.
        InvalidPassword: the password breaks a rule.
        EmailTaken: another account has confirmed the address.
        AccountSuspended.
    """
    with read_transaction() as session:
        known = list_guessable_words(signed_links.read_reset_link(session, token))
    new_hash = passwords.hash_password(validation.password(password, about=known))
    with addresses.catch_races(), transaction() as session:
        addresses.lock_with_claims(session, signed_links.read_reset_link(session, token))
        user = signed_links.read_reset_link(session, token)
        Account.of(user)
        if not user.email_verified_at:
            remove_all(session, user.id)  # those of whoever made the account, perhaps another person
            addresses.confirm(session, user)
        set_password(session, user, new_hash, by=user)
        throttle.forget_guesses(session, user)
    return Account.of(user)


def check_reset(token: str) -> None:
    """Let a link for a new password pass while it works.

    Raises:
        LinkExpired: it works no longer.
    """
    with read_transaction() as session:
        signed_links.read_reset_link(session, token)
