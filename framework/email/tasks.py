"""`send_email.delay(to, subject, message)`: mail through the outbox, at least once, with one Message-ID."""

from typing import Any
from uuid import uuid4

from framework.celery.celery import app
from framework.database.types import now
from framework.email.delivery import deliver
from framework.email.messages import TASK, compose


@app.task(name=TASK, bind=True)
def send_email(self: Any, to: str, subject: str, message: str, html: str | None = None) -> str:
    """Send one mail; what took it: a server's name or a file's.

    Raises:
        BadAddress, BadSubject, MailRefused: it can never be sent.
        MailServerAway: it is sent again later.
    """
    key = self.request.id or uuid4().hex
    return deliver(compose(to=to, subject=subject, text=message, html=html, key=key, written_at=now()))
