"""`send_email.delay(to, subject, message)`: mail through the outbox, at least once, with one Message-ID."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from celery.utils.log import get_task_logger

from framework.celery.celery import app
from framework.database.types import now
from framework.email import stopped
from framework.email.delivery import AddressRefused, deliver
from framework.email.messages import TASK, compose
from framework.email.rendering import Rendered, render_text
from framework.errors import Invalid

log = get_task_logger(__name__)


class TooLate(Invalid):
    """What the message links to has ended before it could be sent."""


@app.task(name=TASK, bind=True)
def send_email(
    self: Any,
    to: str,
    subject: str,
    message: str,
    html: str | None = None,
    *,
    unsubscribe: str | None = None,
    expires_at: str | None = None,
) -> bool:
    """Send one mail; True when it was taken. The log tells what took it: a server's name or a file's.

    `message` is plain text, or with `html` the finished plain part. `expires_at` is a moment in ISO 8601.

    Raises:
        BadAddress, BadSubject, MailRefused, TooLate, AddressStopped: it is never sent.
        MailServerAway: it is sent again later.
    """
    if expires_at is None:
        stopped.refuse_stopped(to)
    elif datetime.fromisoformat(expires_at) < now():
        raise TooLate("The message was not sent: its link had ended before a mail server took it.")
    key = self.request.id or uuid4().hex
    made = render_text(subject, message) if html is None else Rendered(subject, message, html)
    mail = compose(to=to, made=made, key=key, written_at=now(), unsubscribe=unsubscribe)
    try:
        took = deliver(mail)
    except AddressRefused as refusal:
        stopped.stop(to, refusal.sentence)
        raise
    log.info("%s took the message %s", took, mail["Message-ID"])
    return True
