"""Messages: what another room queues, and the mail that is made of it."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from sqlalchemy.orm import Session

from framework import config
from framework.celery.outbox import enqueue
from framework.errors import Invalid

TEMPLATES = Path(__file__).parent.parent.parent / "templates" / "email"
SUBJECT_CHARACTERS = 200
TASK = "framework.email.tasks.send_email"

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+")
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_HEADER_BREAK = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\x85]")


class BadAddress(Invalid):
    """Not an address that mail can be sent to."""


class BadSubject(Invalid):
    """Not one line of a reasonable length."""


def queue(session: Session, *, to: str, subject: str, text: str, html: str | None = None, key: str) -> str:
    """Have this message sent once the transaction is committed; its key is fixed, and a key is sent once.

    Without `html` the HTML part is made from the text. The id of the task is the key.

    Raises:
        BadAddress, BadSubject: nothing could be sent with these.
    """
    check(to, subject)
    return enqueue(session, TASK, to, subject, text, html, key=key)


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
    *, to: str, subject: str, text: str, html: str | None = None, key: str, written_at: datetime
) -> EmailMessage:
    """The mail with a plain and an HTML part; the same key and moment give the same mail.

    Raises:
        BadAddress, BadSubject: nothing can be sent with these.
    """
    check(to, subject)
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender()
    message["To"] = _address(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = message_id(key)
    message["Auto-Submitted"] = "auto-generated"
    facts = {"subject": subject, "text": text, "base_url": config.current().base_url, "paragraphs": _paragraphs(text)}
    message.set_content(_render("message.txt", facts), cte="quoted-printable")
    message.add_alternative(html or _render("message.html", facts), subtype="html", cte="quoted-printable")
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


def _paragraphs(text: str) -> list[Markup]:
    return [_linked(paragraph) for paragraph in re.split(r"\n\s*\n", text.strip())]


def _linked(paragraph: str) -> Markup:
    """The paragraph for HTML, its addresses as links and its lines kept."""
    made, end = Markup(), 0
    for link in _LINK.finditer(paragraph):
        made += Markup('{}<a href="{}">{}</a>').format(paragraph[end : link.start()], link[0], link[0])
        end = link.end()
    return Markup("<br>").join((made + paragraph[end:]).split("\n"))


def _render(name: str, facts: Mapping[str, object]) -> str:
    return _environment().get_template(name).render(facts)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
