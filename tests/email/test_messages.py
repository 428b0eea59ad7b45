"""Messages: what is refused, what a mail consists of, and that a key is sent once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from framework.admin.samples import SAMPLES
from framework.celery.models import OutboxRow
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.email import messages
from framework.email.messages import BadAddress, BadSubject, compose, prepare, queue
from framework.email.rendering import TEMPLATES, render, render_text

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def written(**changed: str) -> EmailMessage:
    """A mail to Ann."""
    parts = {"to": "ann@example.org", "subject": "Hello", "text": "Dear Ann,\n\nwelcome.", "key": "k1", **changed}
    made = render_text(parts.pop("subject"), parts.pop("text"))
    return compose(**parts, made=made, written_at=MOMENT)


def part(mail: EmailMessage, kind: str) -> str:
    """The text of the mail's part of this kind."""
    body = mail.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def test_it_has_a_sender_a_moment_and_a_plain_and_an_html_part(settings: Config) -> None:
    mail = written()
    assert mail["From"] == "Holdfast <holdfast@localhost>"
    assert mail["To"] == "ann@example.org"
    assert mail["Date"] == "Sun, 01 Mar 2026 12:30:00 +0000"
    assert part(mail, "plain").startswith("Dear Ann,\n\nwelcome.\n")
    assert "<p " in part(mail, "html")


def test_a_key_has_one_message_id(settings: Config) -> None:
    assert written()["Message-ID"] == written(subject="Another")["Message-ID"]
    assert written()["Message-ID"] != written(key="k2")["Message-ID"]
    assert written().as_bytes() == written().as_bytes()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a & b", '"quoted" <b>'])
def test_html_shows_the_text_as_it_is(settings: Config, text: str) -> None:
    page = part(written(text=text, subject=text), "html")
    assert text not in page
    assert part(written(text=text), "plain").startswith(text)


def test_addresses_in_the_text_are_links(settings: Config) -> None:
    page = part(written(text="Look at https://x.example/a?b=1&c=2, then rest."), "html")
    assert '<a class="link" href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>, then' in page


def test_it_writes_letters_of_every_language(settings: Config) -> None:
    mail = written(subject="Grüße 日本", text="Liebe Ann, 日本語", to="ann@exämple.org")
    assert mail["Subject"] == "Grüße 日本"
    assert mail["To"] == "ann@xn--exmple-cua.org"
    assert "日本語" in part(mail, "plain")
    assert mail.as_bytes().isascii()


def test_the_sender_is_configured(with_settings: Callable[..., Config]) -> None:
    with_settings(mail_from="Our Forge <git@forge.example>")
    assert written()["From"] == "Our Forge <git@forge.example>"
    assert messages.sender_address() == "git@forge.example"


BAD_ADDRESSES = [
    "",
    "ann",
    "@example.org",
    "ann@",
    "ann@@example.org",
    "ann@exa mple.org",
    "ann@example.org\nBcc: all@example.org",
    "ann@example.org\r\nSubject: x",
    "ann@example.org, bob@example.org",
    "Ann <ann@example.org>",
    "ann@example.org\x00",
    f"{'a' * 250}@example.org",
    f"ann@{'x' * 80}.org",
    "ann@..org",
]


@pytest.mark.parametrize("to", BAD_ADDRESSES)
def test_it_refuses_a_bad_address(settings: Config, to: str) -> None:
    with pytest.raises(BadAddress, match="not an e-mail address"):
        written(to=to)


@pytest.mark.parametrize("subject", ["a\nBcc: b@example.org", "a\r\nX: y", "a\x00", "a\x85b", "a\u2028b", "a" * 201])
def test_it_refuses_a_subject_that_is_not_one_line(settings: Config, subject: str) -> None:
    with pytest.raises(BadSubject, match="one line"):
        written(subject=subject)


FACTS = {"name": "Ann", "link": "http://localhost/verify/x"}


def queued(to: str, **changed: str) -> str:
    """The id of a message that asks Ann to confirm her address."""
    with transaction() as session:
        return queue(session, prepare(to=to, template="signup", facts={**FACTS, **changed}, key="once"))


def test_what_cannot_be_sent_is_not_queued(settings: Config) -> None:
    with pytest.raises(BadAddress):
        queued("nobody")
    with read_transaction() as session:
        assert session.get(OutboxRow, "once") is None


def test_a_key_is_queued_once(settings: Config) -> None:
    assert [queued("ann@example.org", name=name) for name in ("first", "second")] == ["once", "once"]
    with read_transaction() as session:
        row = session.get_one(OutboxRow, "once")
    assert row.args[:2] == ["ann@example.org", "Confirm your e-mail address"]
    assert "Hello first," in row.args[2]
    assert "Hello first," in row.args[3]


def test_a_mail_that_can_be_stopped_says_how(settings: Config) -> None:
    link = "http://localhost/unsubscribe/abc"
    mail = compose(to="ann@example.org", made=render_text("Hello", "x"), key="k", written_at=MOMENT, unsubscribe=link)
    assert (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) == (f"<{link}>", "List-Unsubscribe=One-Click")
    assert written()["List-Unsubscribe"] is None


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_template_makes_text_and_html_of_the_same_facts(settings: Config, name: str) -> None:
    facts = {**SAMPLES[name], "name": "<Ann & Bob>"}
    made = render(name, facts, unsubscribe="http://localhost/unsubscribe/abc")
    assert "Hello <Ann & Bob>," in made.text
    assert "Hello &lt;Ann &amp; Bob&gt;," in made.html
    assert "<p" not in made.text
    assert set(re.findall(r"https?://[^\s\"<>]+", made.text)) <= set(re.findall(r"https?://[^\s\"<>]+", made.html))
    assert "\n\n\n" not in made.text
    assert made.text.count("http://localhost/unsubscribe/abc") == 1


def test_every_template_has_a_sample(settings: Config) -> None:
    assert set(SAMPLES) | {"news", "message"} == {path.stem for path in TEMPLATES.glob("*.jinja")}


@pytest.mark.parametrize("subject", ["x" * 3000, "carriage\rreturn", "line\u2028separator", "\x07bell", "word " * 100])
def test_any_text_becomes_a_subject(settings: Config, subject: str) -> None:
    messages.check("ann@example.org", messages.format_subject(subject))
