"""What projects' names, descriptions, visibilities and roles can be; each rule gives back the text to keep."""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta

from framework.accounts.core.account import Account
from framework.accounts.core.validation import printable
from framework.database.types import now
from framework.errors import Invalid
from framework.gitcore.ref_names import HEADS, NOTES, TAGS, BadRef, check_ref
from framework.web.reserved import list_reserved_for_projects

NAME_LENGTH, DESCRIPTION_LENGTH, PATTERN_LENGTH = 100, 500, 200
NAME = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
MOST_TOPICS, TOPIC = 20, re.compile(r"[a-z0-9][a-z0-9-]{0,34}")
LONGEST_EMBARGO = timedelta(days=20 * 366)
VISIBILITIES = ("public", "private")
ROLES = ("reader", "writer", "maintainer", "owner")
"""From the least to the most that somebody may do."""


class InvalidProjectName(Invalid):
    """A project's name breaks the rules or is one of ours."""

    field = "name"


class NameNotRepeated(Invalid):
    """The name that was to confirm what cannot be undone is not that of the project or the group."""

    field = "confirmation"

    def __init__(self, what: str, done: str) -> None:
        super().__init__(f"This is not the {what}'s name, so nothing was {done}.")


class OtherName(Invalid):
    """What was typed is not the user name of whoever is to confirm what cannot be undone."""

    field = "confirmation"

    def __init__(self) -> None:
        super().__init__("This is not your user name, so nothing was deleted.")


def require_own_name(account: Account, typed: str) -> None:
    """Let somebody go on who has typed their user name, in any case, before what cannot be undone.

    Raises:
        OtherName.
    """
    if typed.strip().casefold() != account.name.casefold():
        raise OtherName


class InvalidDescription(Invalid):
    """A description is too long or not visible."""

    field = "description"


class InvalidTopics(Invalid):
    """A topic is no plain word, or there are too many."""

    field = "topics"


class InvalidVisibility(Invalid):
    """A visibility is neither public nor private."""

    field = "visibility"


class InvalidEmbargo(Invalid):
    """A day on which a project is to turn public is no day, or not one of the next years."""

    field = "public_on"


class InvalidBranchPattern(Invalid):
    """A pattern that no branch could match."""

    field = "pattern"


class InvalidRole(Invalid):
    """A role is none of reader, writer, maintainer, owner."""

    field = "role"


def project_name(text: str) -> str:
    """A project's name: 1 to 100 letters, digits, dots, hyphens and underscores, neither a path nor an address of ours.

    Raises:
        InvalidProjectName: it is not.
    """
    if not NAME.fullmatch(text):
        raise InvalidProjectName(
            f"A project's name has 1 to {NAME_LENGTH} letters (a to z), digits, dots, hyphens and underscores"
            f"{_instead(text)}."
        )
    if text in {".", ".."} or text.lower().endswith(".git"):
        raise InvalidProjectName("A project's name cannot be only dots and cannot end in .git; leave that out.")
    if text.lower() in list_reserved_for_projects():
        raise InvalidProjectName(f"The name {text} is reserved. Please choose another one.")
    return text


def _instead(text: str) -> str:
    """A name like the text, where one can be made of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    made = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).removesuffix(".git").strip("-.")[:NAME_LENGTH]
    return f". Try “{made}”" if made else ""


def description(text: str) -> str:
    """One line of at most 500 characters, possibly empty.

    Raises:
        InvalidDescription: it is longer, or has control characters.
    """
    if len(text) > DESCRIPTION_LENGTH or not printable(text):
        raise InvalidDescription(f"A description is one line of at most {DESCRIPTION_LENGTH} characters.")
    return text


def topics(text: str) -> str:
    """At most 20 topics, small letters, digits and hyphens, each once, with blanks between; commas are taken for those.

    Raises:
        InvalidTopics: a topic has another character or more than 35, or there are too many.
    """
    words = list(dict.fromkeys(text.lower().replace(",", " ").split()))
    if len(words) > MOST_TOPICS or not all(TOPIC.fullmatch(word) for word in words):
        raise InvalidTopics(
            f"Write at most {MOST_TOPICS} topics between blanks, each of up to 35 letters (a to z), digits and hyphens."
        )
    return " ".join(words)


def visibility(text: str) -> str:
    """`public` or `private`.

    Raises:
        InvalidVisibility: it is neither.
    """
    if text not in VISIBILITIES:
        raise InvalidVisibility("Choose whether the project is public or private.")
    return text


def embargo_end(text: str) -> datetime:
    """The moment at which this day, as `2027-05-31`, begins in UTC: tomorrow at the earliest, at most 20 years ahead.

    Raises:
        InvalidEmbargo: it is not such a day.
    """
    try:
        end = datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
    except ValueError as error:
        raise InvalidEmbargo("Enter a day, such as 2027-05-31.") from error
    if not now() < end < now() + LONGEST_EMBARGO:
        raise InvalidEmbargo("Choose a day from tomorrow on, and not more than 20 years ahead.")
    return end


def role(text: str) -> str:
    """`reader`, `writer`, `maintainer` or `owner`.

    Raises:
        InvalidRole: it is none of them.
    """
    if text not in ROLES:
        raise InvalidRole("Choose a role: reader, writer, maintainer or owner.")
    return text


def branch_pattern(text: str) -> str:
    """A branch's name, in which `*` stands for any characters and `?` for one; in full for tags and notes.

    Raises:
        InvalidBranchPattern: no branch, tag or note could match it.
    """
    pattern = text.strip().removeprefix(HEADS)
    full = pattern if pattern.startswith((TAGS, NOTES)) else HEADS + pattern
    try:
        check_ref(full.replace("*", "x").replace("?", "x"))
    except BadRef as refusal:
        raise InvalidBranchPattern("Enter a name, such as main or v1.0, or a pattern, such as release/*.") from refusal
    if len(pattern) > PATTERN_LENGTH:
        raise InvalidBranchPattern(f"A pattern has {PATTERN_LENGTH} characters at most.")
    return pattern
