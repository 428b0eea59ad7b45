"""The SMTP server does what it is told."""

import smtplib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.servers.backends.smtp import SmtpServer

MESSAGE = "Subject: Hello\n\nBody\n"


@pytest.fixture
def sender(smtp: SmtpServer) -> Iterator[smtplib.SMTP]:
    """A connection to it."""
    address = urlsplit(smtp.url)
    with smtplib.SMTP(address.hostname or "", address.port or 0) as connection:
        yield connection


def _send(sender: smtplib.SMTP) -> None:
    sender.sendmail("alice@example.org", ["bob@example.org"], MESSAGE)


def test_it_keeps_what_it_is_given(smtp: SmtpServer, sender: smtplib.SMTP) -> None:
    _send(sender)
    (delivery,) = smtp.deliveries
    assert (delivery.sender, delivery.recipients) == ("alice@example.org", ["bob@example.org"])
    assert delivery.message["Subject"] == "Hello"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("MAIL", smtplib.SMTPSenderRefused),
        ("RCPT", smtplib.SMTPRecipientsRefused),
        ("DATA", smtplib.SMTPDataError),
    ],
)
@pytest.mark.parametrize("line", ["451 Try later", "550 No such person"])
def test_it_refuses_as_often_as_it_was_told(
    smtp: SmtpServer, sender: smtplib.SMTP, command: str, expected: type[smtplib.SMTPException], line: str
) -> None:
    smtp.answer(command, line)
    with pytest.raises(expected):
        _send(sender)
    assert smtp.deliveries == []
    _send(sender)
    assert len(smtp.deliveries) == 1


def test_it_hangs_up_without_an_answer_and_has_the_message(smtp: SmtpServer, sender: smtplib.SMTP) -> None:
    smtp.hang_up_after_data()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        _send(sender)
    assert len(smtp.deliveries) == 1
