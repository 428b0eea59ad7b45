"""Delivery: into the folder, and to real SMTP servers that take, defer, refuse and hang up."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from framework.celery.outbox import enqueue
from framework.celery.worker import runs
from framework.config import Config
from framework.database.session import transaction
from framework.database.types import now
from framework.email import delivery, messages, stopped
from framework.email.delivery import AddressRefused, MailRefused, MailServerAway, check_server, deliver
from framework.email.rendering import render_text
from framework.email.stopped import AddressStopped
from framework.email.tasks import TooLate, send_email
from tests.celery.rows import age, claimed, row
from tests.servers.application.workers import worker
from tests.servers.backends.smtp import SmtpServer
from tests.servers.processes import HANG_SECONDS, free_port
from tests.servers.run import Run

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def mailing(with_settings: Callable[..., Config], smtp: SmtpServer) -> Config:
    """A deployment whose mail goes to the test's server."""
    return with_settings(smtp_url=smtp.url)


def send(key: str = "k1") -> str:
    """Deliver one mail to Ann."""
    mail = messages.compose(to="ann@example.org", made=render_text("Hello", "Hi."), key=key, written_at=MOMENT)
    return deliver(mail)


def test_the_folder_has_one_file_for_a_message_however_often_it_is_sent(settings: Config) -> None:
    assert send() == send()
    send("another key")
    files = sorted((settings.data / "outbox").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert all(message_from_bytes(file.read_bytes())["To"] == "ann@example.org" for file in files)


def test_a_server_gets_the_message(mailing: Config, smtp: SmtpServer) -> None:
    assert send() == "127.0.0.1"
    [taken] = smtp.deliveries
    assert (taken.sender, taken.recipients) == ("holdfast@localhost", ["ann@example.org"])
    assert taken.message["Message-ID"] == messages.message_id("k1")


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_deferred_message_can_be_sent_later(mailing: Config, smtp: SmtpServer, command: str) -> None:
    smtp.answer(command, "451 Greylisted, try in five minutes")
    with pytest.raises(MailServerAway, match="451 Greylisted, try in five minutes"):
        send()
    send()
    assert len(smtp.deliveries) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_refusal_keeps_the_words_of_the_server(mailing: Config, smtp: SmtpServer, command: str) -> None:
    smtp.answer(command, "550 No such mailbox here")
    with pytest.raises(MailRefused, match="550 No such mailbox here"):
        send()
    assert smtp.deliveries == []


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "of_address"),
    [
        ("550 No such user", True),
        ("550 5.1.1 No such user", True),
        ("553 5.1.3 Bad address", True),
        ("554 5.7.1 Relay access denied", False),
        ("550 5.7.1 Relaying denied", False),
        ("530 5.7.0 Must issue a STARTTLS command first", False),
        ("521 No mail here", False),
    ],
)
def test_only_a_refusal_of_the_mailbox_is_one_of_the_address(
    mailing: Config, smtp: SmtpServer, command: str, answer: str, of_address: bool
) -> None:
    smtp.answer(command, answer)
    with pytest.raises(MailRefused) as refused:
        send()
    assert isinstance(refused.value, AddressRefused) is of_address


def test_a_connection_lost_before_the_answer_repeats_the_message_with_its_id(mailing: Config, smtp: SmtpServer) -> None:
    smtp.hang_up_after_data()
    with pytest.raises(MailServerAway):
        send()
    send()
    assert len(smtp.deliveries) == 2
    assert len({delivery.message["Message-ID"] for delivery in smtp.deliveries}) == 1


def test_an_absent_server_is_away(with_settings: Callable[..., Config]) -> None:
    with_settings(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    with pytest.raises(MailServerAway, match=r"127\.0\.0\.1"):
        send()
    with pytest.raises(MailServerAway):
        check_server()


class _Box:
    """Takes everything, and only from those who know the password."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        self.taken.append(envelope.content)  # type: ignore[attr-defined]
        return "250 OK"


def _knows(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
    given = isinstance(data, LoginPassword) and data
    return AuthResult(success=given == LoginPassword(b"us@er", b"pass:word/1"), handled=False)


@contextmanager
def running(controller: Controller) -> Iterator[int]:
    """The server's port, while it runs."""
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def guarded_server(box: _Box, tls: ssl.SSLContext) -> Iterator[int]:
    """The port of a server that asks for STARTTLS, then for a name and a password."""
    options = {"tls_context": tls, "require_starttls": True, "authenticator": _knows, "auth_required": True}
    with running(Controller(box, hostname="127.0.0.1", port=free_port(), **options)) as port:  # type: ignore[arg-type]
        yield port


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch, certificate_files: tuple[Path, Path]) -> ssl.SSLContext:
    """The server's side of TLS, with a certificate that this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_files[0]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate_files)
    return context


@pytest.fixture
def untrusted(certificate_files: tuple[Path, Path]) -> ssl.SSLContext:
    """The server's side of TLS, with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate_files)
    return context


def test_starttls_comes_first_and_the_password_may_hold_any_character(
    with_settings: Callable[..., Config], certificate: ssl.SSLContext
) -> None:
    box = _Box()
    with guarded_server(box, certificate) as port:
        with_settings(smtp_url=f"smtp://us%40er:pass%3Aword%2F1@localhost:{port}")
        assert check_server() == "localhost"
        send()
    assert len(box.taken) == 1


def test_a_wrong_password_is_for_the_operator_and_messages_wait(
    with_settings: Callable[..., Config], certificate: ssl.SSLContext
) -> None:
    box = _Box()
    with guarded_server(box, certificate) as port:
        with_settings(smtp_url=f"smtp://us%40er:wrong@localhost:{port}")
        with pytest.raises(MailServerAway, match="535"):
            send()
    assert box.taken == []


def test_smtps_speaks_tls_from_the_first_byte(
    with_settings: Callable[..., Config], certificate: ssl.SSLContext
) -> None:
    box = _Box()
    with running(Controller(box, hostname="localhost", port=free_port(), ssl_context=certificate)) as port:
        with_settings(smtp_url=f"smtps://localhost:{port}")
        send()
    assert len(box.taken) == 1


def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    with_settings: Callable[..., Config], untrusted: ssl.SSLContext
) -> None:
    box = _Box()
    with guarded_server(box, untrusted) as port:
        with_settings(smtp_url=f"smtp://us%40er:pass%3Aword%2F1@localhost:{port}")
        with pytest.raises(MailServerAway, match="certificate"):
            send()
    assert box.taken == []


def test_a_server_without_tls_gets_no_password(with_settings: Callable[..., Config]) -> None:
    box, asked = _Box(), list[object]()

    def taking_anything(*_facts: object) -> AuthResult:
        asked.append(_facts)
        return AuthResult(success=True)

    options = {"authenticator": taking_anything, "auth_require_tls": False}
    with running(Controller(box, hostname="127.0.0.1", port=free_port(), **options)) as port:  # type: ignore[arg-type]
        with_settings(smtp_url=f"smtp://us%40er:pass%3Aword%2F1@localhost:{port}")
        with pytest.raises(MailServerAway, match="offers no TLS"):
            send()
    assert asked == box.taken == []


@pytest.mark.long
def test_a_worker_keeps_a_deferred_mail_and_fails_a_refused_one(run: Run, mailing: Config, smtp: SmtpServer) -> None:
    smtp.answer("RCPT", "451 Later")
    with worker(run, mailing, "--concurrency", "1"):
        deferred = send_email.delay("ann@example.org", "Hello", "Hi.")
        while not row(deferred.id).result:
            assert row(deferred.id).state != "failed"
        smtp.answer("DATA", "554 We never take this")
        refused = send_email.delay("bob@example.org", "Hello", "Hi.")
        with pytest.raises(Exception, match="554 We never take this"):
            refused.get(timeout=HANG_SECONDS)
    assert (row(deferred.id).state, deferred.status) == ("waiting", "RETRY")
    assert "451 Later" in str(deferred.result)
    assert (row(refused.id).state, smtp.deliveries) == ("failed", [])


@pytest.mark.long
def test_a_mail_that_was_put_off_is_sent_once_its_time_has_come(run: Run, mailing: Config, smtp: SmtpServer) -> None:
    with transaction() as session:
        task = enqueue(session, messages.TASK, "ann@example.org", "Hello", "Hi.", key="deferred")
    delay = runs.put_off(claimed(task), MailServerAway("451 Later"))
    assert delay
    age(task, 2 * delay)
    with worker(run, mailing, "-B"):
        assert send_email.AsyncResult(task).get(timeout=HANG_SECONDS) is True
    assert [delivery.message["Message-ID"] for delivery in smtp.deliveries] == [messages.message_id("deferred")]


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_an_address_that_bounces_gets_no_mail_but_links_into_the_account(
    mailing: Config, smtp: SmtpServer, command: str
) -> None:
    smtp.answer(command, "550 No such mailbox here")
    with pytest.raises(AddressRefused, match="550 No such mailbox here"):
        send_email("Ann@example.org", "Hello", "Hi.")
    with pytest.raises(AddressStopped, match="550 No such mailbox here"):
        send_email("ann@example.org", "Hello", "Hi.")
    assert smtp.deliveries == []
    send_email("ann@example.org", "Hello", "Hi.", expires_at=(now() + timedelta(hours=1)).isoformat())
    stopped.resume("ANN@example.org")
    send_email("ann@example.org", "Hello", "Hi.")
    assert len(smtp.deliveries) == 2


@pytest.mark.parametrize(
    ("command", "line"), [("MAIL", "550 Not from you"), ("DATA", "554 Looks like spam"), ("RCPT", "451 Later")]
)
def test_what_is_not_the_addresss_fault_stops_no_address(
    mailing: Config, smtp: SmtpServer, command: str, line: str
) -> None:
    smtp.answer(command, line)
    with pytest.raises((MailRefused, MailServerAway)):
        send_email("ann@example.org", "Hello", "Hi.")
    send_email("ann@example.org", "Hello", "Hi.")
    assert len(smtp.deliveries) == 1


def test_a_link_that_has_ended_is_not_sent(mailing: Config, smtp: SmtpServer) -> None:
    with pytest.raises(TooLate):
        send_email("ann@example.org", "Hello", "Hi.", expires_at=(now() - timedelta(seconds=1)).isoformat())
    assert smtp.deliveries == []


def test_a_server_that_says_nothing_is_given_up(
    with_settings: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with_settings(smtp_url=f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(MailServerAway):
            send()
