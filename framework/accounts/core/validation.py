"""What user names, e-mail addresses and passwords have to look like; each rule gives back the text to keep."""

import re
from collections.abc import Iterable

from email_validator import EmailNotValidError, validate_email

from framework.errors import Invalid
from framework.web.reserved import list_reserved_for_people

NAME_LENGTH, FULL_NAME_LENGTH, EMAIL_LENGTH = 39, 100, 254
PASSWORD_LENGTHS = range(8, 257)
FEWEST_GUESSES = 100_000
"""Refused are the 30,000 most common passwords that zxcvbn lists, and what is made of one by a digit or a capital."""
ESTIMATED_LENGTH = 20
"""The estimate's time grows steeply with the length (40 odd characters: a second), so the ends stand for the rest."""
ADVICE = "A few unrelated words work well."
NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", re.ASCII)

_AT_HOME = re.compile(r"(?<=[@.])(local|localhost)\Z", re.IGNORECASE)
"""The last part of an address that a server at home writes to; the library refuses it, but takes `test` instead."""


class InvalidName(Invalid):
    """A user name breaks the rules or is one of ours."""

    field = "username"


class InvalidFullName(Invalid):
    """A full name is too long or has characters that cannot be shown."""

    field = "full_name"


class InvalidEmail(Invalid):
    """This is no e-mail address."""

    field = "email"


class InvalidPassword(Invalid):
    """A password is too short, too long, or among the first that anyone would try."""

    field = "password"


def user_name(text: str) -> str:
    """A user name: 1 to 39 letters, digits and single hyphens inside, and not the first part of one of our addresses.

    Raises:
        InvalidName: it is not.
    """
    if not NAME.fullmatch(text) or len(text) > NAME_LENGTH:
        raise InvalidName(
            f"A user name has 1 to {NAME_LENGTH} letters (a to z), digits and single hyphens between them."
        )
    if text.lower() in list_reserved_for_people():
        raise InvalidName(f"The name {text} is reserved. Please choose another one.")
    return text


def full_name(text: str) -> str:
    """A full name, possibly empty.

    Raises:
        InvalidFullName: longer than 100 characters, or with control characters.
    """
    if len(text) > FULL_NAME_LENGTH or not printable(text):
        raise InvalidFullName(f"A full name has at most {FULL_NAME_LENGTH} characters, all of them visible.")
    return text


def email(text: str) -> str:
    """An e-mail address in the form that mail servers take; names of local networks are fine.

    Raises:
        InvalidEmail: it has not the form of one.
    """
    text = text[: EMAIL_LENGTH + 1]
    if home := _AT_HOME.search(text):
        address = _normalize(f"{text[: home.start()]}test").removesuffix("test") + home[0].lower()
    else:
        address = _normalize(text)
    if len(address) > EMAIL_LENGTH:
        raise InvalidEmail(f"An e-mail address has at most {EMAIL_LENGTH} characters.")
    return address


def _normalize(text: str) -> str:
    try:
        checked = validate_email(
            text,
            allow_smtputf8=False,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise InvalidEmail("This is not an e-mail address; it should look like anna@example.org.") from error
    return checked.ascii_email or checked.normalized


def email_key(text: str) -> str:
    """What somebody typed, as the address that it spells is found by: in any case, and of a domain the ASCII form."""
    try:
        return email(text.strip()).casefold()
    except InvalidEmail:
        return text.strip().casefold()


def password(text: str, *, about: Iterable[str] = ()) -> str:
    """A password of 8 to 256 characters that is hard to guess, also for who knows `about` the person: names, address.

    Raises:
        InvalidPassword: shorter, longer, not text, or easily guessed.
    """
    if len(text) not in PASSWORD_LENGTHS or not encodable(text):
        first, last = PASSWORD_LENGTHS[0], PASSWORD_LENGTHS[-1]
        raise InvalidPassword(f"A password has {first} to {last} characters. {ADVICE}")
    if _is_guessed(text, []):
        raise InvalidPassword(f"This password is among the first that anyone would try. {ADVICE}")
    if _is_guessed(text, [part for known in about for part in (known, *re.split(r"[\s@]+", known)) if part]):
        raise InvalidPassword(f"A password made of your name or address is easily guessed. {ADVICE}")
    return text


def _is_guessed(text: str, known: list[str]) -> bool:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take 15 MB, which workers and most commands never need

    ends = {text[:ESTIMATED_LENGTH], text[-ESTIMATED_LENGTH:]}
    return all(zxcvbn(end, user_inputs=known)["guesses"] < FEWEST_GUESSES for end in ends)


def printable(text: str) -> bool:
    """Whether the text is one line that can be stored and shown: no control characters, no lone surrogates."""
    return encodable(text) and not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)


def encodable(text: str) -> bool:
    """Whether the text can be written as UTF-8."""
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)
