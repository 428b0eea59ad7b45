"""Messages from templates: `templates/email/<name>.jinja` is rendered twice, once as HTML and once as plain text.

A template takes its parts (`paragraph`, `button`, `links`) from the file that `parts` names, and sets its `subject`.
What people wrote is escaped in the HTML, and stays as it is in the text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from framework import config

TEMPLATES = Path(__file__).parent.parent.parent / "templates" / "email"

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


@dataclass(frozen=True)
class Rendered:
    """A message's subject and its two bodies."""

    subject: str
    text: str
    html: str


def render(name: str, facts: Mapping[str, object], *, unsubscribe: str | None = None) -> Rendered:
    """The message of this template with these facts; `unsubscribe` is the address of the page that stops its kind."""
    subject, text = _render(name, "txt", facts, unsubscribe)
    return Rendered(subject, text, _render(name, "html", facts, unsubscribe)[1])


def render_text(subject: str, text: str) -> Rendered:
    """The message of a plain text: addresses in it become links in the HTML."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    html = _render(
        "message", "html", {"title": subject, "paragraphs": [_link_addresses(each) for each in paragraphs]}, None
    )
    return Rendered(subject, _in_layout("txt", text, subject, None), html[1])


def _render(name: str, form: str, facts: Mapping[str, object], unsubscribe: str | None) -> tuple[str, str]:
    made = _environment(form).get_template(f"{name}.jinja").make_module({**facts, "parts": f"parts.{form}"})
    subject = str(vars(made)["subject"])
    body = Markup(made) if form == "html" else re.sub(r"\n\s*\n", "\n\n", str(made)).strip()  # noqa: S704 # escaped
    return subject, _in_layout(form, body, subject, unsubscribe)


def _in_layout(form: str, body: str, subject: str, unsubscribe: str | None) -> str:
    facts = {"body": body, "subject": subject, "unsubscribe": unsubscribe, "base_url": config.current().base_url}
    return _environment(form).get_template(f"layout.{form}").render(facts)


def _link_addresses(paragraph: str) -> Markup:
    """The paragraph for HTML, its addresses as links and its lines kept."""
    made, end = Markup(), 0
    for link in _LINK.finditer(paragraph):
        made += Markup('{}<a class="link" href="{}">{}</a>').format(paragraph[end : link.start()], link[0], link[0])
        end = link.end()
    return Markup("<br>").join((made + paragraph[end:]).split("\n"))


@cache
def _environment(form: str) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=form == "html",  # noqa: S701 # plain text is not escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
