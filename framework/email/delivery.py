"""Where a mail goes: to the SMTP server that the configuration names, or into a folder of `.eml` files."""

import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import uuid4

from framework import config
from framework.database.session import refuse_held_connection
from framework.email.messages import sender_address
from framework.errors import Invalid, Unavailable

ANSWER_SECONDS = 30
PERMANENT = 500
NO_MAILBOX = {550, 551, 552, 553}
"""What an answer can say of the mailbox (RFC 5321, 4.2.3); 554 may speak of the message, 530 of the sender."""
POLICY = re.compile(r"5\.7\.\d")
"""The status of a refusal by rules (RFC 3463, 3.8), as of a relay that lets nobody send: it names no mailbox."""


class MailRefused(Invalid):
    """The mail server will never take this message (a 5xx answer); its words are kept."""


class AddressRefused(MailRefused):
    """The mail server says that nobody has this address."""


class MailServerAway(Unavailable):
    """The mail server does not take the message now: a 4xx answer, or no answer."""


def deliver(message: EmailMessage) -> str:
    """Send one mail, or write it into the outbox folder; what took it.

    A connection that is lost between the message and its answer leaves open whether it was taken: it is sent again
    with the same Message-ID.

    Raises:
        AddressRefused: nobody has the address.
        MailRefused: the server will never take it.
        MailServerAway: later it may.
    """
    refuse_held_connection("the mail server")
    if folder := config.current().mail_folder:
        return _into_folder(folder, message)
    return _by_smtp(_server(), message)


def _into_folder(folder: Path, message: EmailMessage) -> str:
    """A name made of the Message-ID: the same message twice is one file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^0-9A-Za-z-]', '', message['Message-ID'].partition('@')[0])}.eml"
    draft = folder / f".{uuid4().hex}.draft"
    with draft.open("wb") as file:
        file.write(message.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return path.name


def check_server() -> str:
    """Connect, log in and leave; the server's name, or the folder's.

    Raises:
        MailServerAway: with the server's words.
    """
    if folder := config.current().mail_folder:
        return f"{folder}: files; nothing is sent"
    with _connect(_server()):
        return str(_server().hostname)


def _server() -> SplitResult:
    return urlsplit(config.current().smtp_url or "")


def _by_smtp(address: SplitResult, message: EmailMessage) -> str:
    with _connect(address) as server:
        _send(server, message)
    return str(address.hostname)


def _send(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message, from_addr=sender_address())
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        raise _refusal(code, words, of_address=code in NO_MAILBOX) from refused
    except smtplib.SMTPDataError as answer:
        raise _refusal(answer.smtp_code, answer.smtp_error, of_address=answer.smtp_code in NO_MAILBOX) from answer
    except smtplib.SMTPResponseException as answer:
        raise _refusal(answer.smtp_code, answer.smtp_error) from answer
    except smtplib.SMTPNotSupportedError as lacking:
        raise MailRefused(f"The mail server cannot take a message to this address: {lacking}") from lacking
    except (smtplib.SMTPException, OSError) as lost:
        raise MailServerAway(f"The mail server went away before it answered: {lost}") from lost


def _refusal(code: int, words: bytes | str, *, of_address: bool = False) -> MailRefused | MailServerAway:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    if of_address and not POLICY.match(text):
        return AddressRefused(f"The mail server knows no such mailbox: {code} {text}")
    if code >= PERMANENT:
        return MailRefused(f"The mail server refused the message: {code} {text}")
    return MailServerAway(f"The mail server asks to try again later: {code} {text}")


@contextmanager
def _connect(address: SplitResult) -> Iterator[smtplib.SMTP]:
    """A server that is ready for a message; a refused password is a matter of settings, so messages wait for it."""
    server: smtplib.SMTP | None = None
    try:
        server = _open_connection(address)
        _introduce(server, address)
    except (smtplib.SMTPException, OSError) as failure:
        if server:
            server.close()
        raise MailServerAway(f"The mail server {address.hostname} does not answer as expected: {failure}") from failure
    try:
        yield server
    finally:
        _say_goodbye(server)


def _open_connection(address: SplitResult) -> smtplib.SMTP:
    host = address.hostname or "localhost"
    if address.scheme == "smtps":
        secure = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, address.port or 465, timeout=ANSWER_SECONDS, context=secure)
    return smtplib.SMTP(host, address.port or (587 if address.username else 25), timeout=ANSWER_SECONDS)


def _introduce(server: smtplib.SMTP, address: SplitResult) -> None:
    server.ehlo_or_helo_if_needed()
    if address.scheme == "smtp" and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    if address.username:
        if not isinstance(server.sock, ssl.SSLSocket):
            raise smtplib.SMTPNotSupportedError("it offers no TLS, and a password is not sent without")
        server.login(unquote(address.username), unquote(address.password or ""))


def _say_goodbye(server: smtplib.SMTP) -> None:
    """What was taken is taken, however the server ends the conversation."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()
