"""A real SMTP server in the tests' own process, which can be told to refuse, to defer, or to hang up."""

from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from time import time
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.processes import free_port

ACCEPTED = "250 Message accepted for delivery"


@dataclass
class Delivery:
    """One message that the server has taken; `answered` tells whether the sender could know."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    answered: bool = True
    at: float = field(default_factory=time)


@dataclass
class SmtpServer:
    """What arrived, and what the next commands are answered; an answer is a line such as `451 Try later`."""

    url: str = ""
    deliveries: list[Delivery] = field(default_factory=list)
    _answers: dict[str, list[str]] = field(default_factory=dict)
    _hang_ups: int = 0

    def answer(self, command: str, line: str, *, times: int = 1) -> None:
        """Answer the next `times` commands MAIL, RCPT or DATA (after the message's end) with this line."""
        self._answers.setdefault(command, []).extend([line] * times)

    def hang_up_after_data(self, *, times: int = 1) -> None:
        """Take the message and close the connection without an answer: the sender cannot know."""
        self._hang_ups += times

    async def handle_MAIL(self, _s: SMTP, _t: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        """Answer MAIL FROM."""
        if refusal := self._next("MAIL"):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _s: SMTP, _t: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        """Answer RCPT TO."""
        if refusal := self._next("RCPT"):
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _t: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the message, or answer what was asked for."""
        if refusal := self._next("DATA"):
            return refusal
        content = cast("bytes", envelope.content)
        message = message_from_bytes(content, policy=policy.default)
        answered = not self._hang_ups
        self.deliveries.append(Delivery(envelope.mail_from or "", list(envelope.rcpt_tos), message, answered))
        if not answered:
            self._hang_ups -= 1
            cast("Transport", server.transport).abort()
        return ACCEPTED

    def _next(self, command: str) -> str | None:
        waiting = self._answers.get(command)
        return waiting.pop(0) if waiting else None


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """A server on a free port of the loopback interface, for as long as the block runs."""
    server = SmtpServer()
    controller = Controller(server, hostname="127.0.0.1", port=free_port(), decode_data=False)
    controller.start()
    server.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield server
    finally:
        controller.stop()
