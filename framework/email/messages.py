"""Messages: what another room queues, and the mail that is made of it."""

import hashlib
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from framework import config
from framework.celery.outbox import enqueue
from framework.email.rendering import Rendered, render
from framework.errors import Invalid

SUBJECT_CHARACTERS = 200
LONGEST_SUBJECT = 160
TASK = "framework.email.tasks.send_email"

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+")
_HEADER_BREAK = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\x85]")


class BadAddress(Invalid):
    """Not an address that mail can be sent to."""


class BadSubject(Invalid):
    """Not one line of a reasonable length."""


@dataclass(frozen=True)
class Message:
    """A rendered message that can be queued: to whom, as what, and what `send_email` is told about it."""

    to: str
    made: Rendered
    key: str
    about: Mapping[str, str]


def prepare(
    *,
    to: str,
    template: str,
    facts: Mapping[str, object],
    key: str,
    unsubscribe: str | None = None,
    expires_at: datetime | None = None,
) -> Message:
    """The message of this template; rendering takes less than a millisecond.

    `unsubscribe` is the address that stops messages of its kind; after `expires_at` it is not sent any more, since what
    it links to has ended. Whoever writes to many prepares the messages before the transaction that queues them.

    Raises:
        BadAddress: nothing could be sent there.
    """
    made = render(template, facts, unsubscribe=unsubscribe)
    made = replace(made, subject=format_subject(made.subject))
    check(to, made.subject)
    about = {"unsubscribe": unsubscribe, "expires_at": expires_at.isoformat() if expires_at else None}
    return Message(to, made, key, {name: value for name, value in about.items() if value is not None})


def queue(session: Session, message: Message) -> str:
    """Have this message sent once the transaction is committed, and only once; the task's id is the message's key."""
    made, about = message.made, dict[str, Any](message.about)
    return enqueue(session, TASK, message.to, made.subject, made.text, made.html, key=message.key, **about)


def format_subject(subject: str) -> str:
    """The subject as a header can hold it: printable, and of a reasonable length."""
    printable = "".join(character if character.isprintable() else " " for character in subject)
    return textwrap.shorten(printable, LONGEST_SUBJECT, placeholder=" …")


def check(to: str, subject: str) -> None:
    """Refuse what could not be sent, or could add headers of its own.

    Raises:
        BadAddress, BadSubject: with a sentence for the person.
    """
    if not _ADDRESS.fullmatch(to) or len(to) > 254 or not _domain(to):
        raise BadAddress(f"{to!r} is not an e-mail address; write it like name@example.org.")
    if _HEADER_BREAK.search(subject) or len(subject) > SUBJECT_CHARACTERS:
        raise BadSubject(f"The subject of a message is one line of at most {SUBJECT_CHARACTERS} characters.")


def compose(
    *,
    to: str,
    made: Rendered,
    key: str,
    written_at: datetime,
    unsubscribe: str | None = None,
) -> EmailMessage:
    """The mail with a plain and an HTML part; the same key and moment give the same mail.

    With `unsubscribe` a mail program can offer to stop it by one click (RFC 8058).

    Raises:
        BadAddress, BadSubject: nothing can be sent with these.
    """
    check(to, made.subject)
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender()
    message["To"] = _address(to)
    message["Subject"] = made.subject
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = message_id(key)
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(made.text, cte="quoted-printable")
    message.add_alternative(made.html, subtype="html", cte="quoted-printable")
    boundary = hashlib.sha256(key.encode()).hexdigest()[:32]
    message.set_boundary(f"={boundary}")
    return message


def message_id(key: str) -> str:
    """The Message-ID that the message of this key has, however often it is sent."""
    host = urlsplit(config.current().base_url).hostname or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{host}>"


def sender_address() -> str:
    """The bare address that bounces go to."""
    return parseaddr(config.current().mail_from)[1]


def _sender() -> Address:
    name, address = parseaddr(config.current().mail_from)
    return _address(address, name or "Holdfast")


def _address(text: str, name: str = "") -> Address:
    return Address(display_name=name, username=text.rpartition("@")[0], domain=_domain(text))


def _domain(text: str) -> str:
    """The address's domain in ASCII; empty when it has no such form."""
    try:
        return text.rpartition("@")[2].encode("idna").decode()
    except UnicodeError:
        return ""
