"""What a notebook's cell has put out, in the form that tells most and that a page can carry."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

import nh3
from markupsafe import Markup

from framework.browse.render.encodings import replace_surrogates
from framework.browse.render.notebooks.terminal import has_signs, strip_signs

LONGEST_TEXT = 100_000
LONGEST_IMAGES_BYTES = 8 << 20
LONGEST_SHOWN, LONGEST_DRESSED = 2 << 20, 1 << 17

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_INTERACTIVE = (
    ("application/vnd.plotly", "Plotly figure"),
    ("application/vnd.vegalite", "Vega-Lite chart"),
    ("application/vnd.vega", "Vega chart"),
    ("application/vnd.bokeh", "Bokeh plot"),
    ("application/vnd.holoviews", "HoloViews plot"),
    ("application/vnd.jupyter.widget", "widget"),
    ("application/javascript", "script"),
)
_INLINE = re.compile(
    r"(\]\(<?|\]:[ \t]{0,3}<?|\bsrc=[\"']?)data:(image/(?:png|jpe?g|gif|webp));base64,([A-Za-z0-9+/=%\r\n]+)",
    re.IGNORECASE,
)
"""A picture that is written into the address of a picture, in HTML and in Markdown; never SVG."""
_ACTIVE = re.compile(r"<(?:script|iframe|canvas|video|object|embed)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Output:
    """What a cell put out: `kind` is text, error, html, markdown, latex, image (then a `data:` address) or note.

    `html` is the same as a page shows it, where it is not shown as it is written; `signs` is it with a terminal's
    signs, where they are to be shown. `number` is that of the execution whose result it is. `pasted` are the pictures
    in its HTML or Markdown: `data:` addresses by name.
    """

    kind: str
    content: str
    html: Markup | None = None
    signs: str = ""
    number: str = ""
    is_stderr: bool = False
    pasted: Mapping[str, str] = field(default_factory=dict)


class Budget:
    """What the page may still carry: bytes of images, characters, and characters that take long to be dressed."""

    def __init__(self) -> None:
        self._images, self._shown, self._dressed = LONGEST_IMAGES_BYTES, LONGEST_SHOWN, LONGEST_DRESSED

    def takes_image(self, size_bytes: int) -> bool:
        """Whether there is room for an image of so many bytes more."""
        self._images -= size_bytes
        return self._images >= 0

    def dresses(self, text: str) -> bool:
        """Whether there is time to make a document, a formula or colours of this text."""
        self._dressed -= len(text)
        return self._dressed >= 0

    def cut(self, text: str) -> str:
        """As much of the text as there is room for."""
        cut = text[: max(0, min(LONGEST_TEXT, self._shown))]
        self._shown -= len(cut)
        return cut

    @property
    def is_spent(self) -> bool:
        """Whether there is no room for any text."""
        return self._shown <= 0


def read_outputs(told: dict[str, Any], budget: Budget) -> Iterator[Output]:
    """What one output of a cell shows: one thing, and a note of what is left out."""
    kind = told.get("output_type")
    if kind == "stream":
        is_stderr = "stderr" in {told.get("name"), told.get("stream")}
        yield _printed("text", read_text(told.get("text")), budget, is_stderr=is_stderr)
    elif kind in {"error", "pyerr"}:
        trace = told.get("traceback")
        lines = "\n".join(read_text(line) for line in trace) if isinstance(trace, list) else ""
        yield _printed("error", lines or f"{read_text(told.get('ename'))}: {read_text(told.get('evalue'))}", budget)
    else:
        data = told.get("data")
        number = told.get("execution_count", told.get("prompt_number")) if kind in {"execute_result", "pyout"} else None
        yield from _shown(data if isinstance(data, dict) else _old_data(told), write_number(number), budget)


def _printed(kind: str, text: str, budget: Budget, *, is_stderr: bool = False) -> Output:
    shown = budget.cut(text)
    if not has_signs(shown):
        return Output(kind, shown, is_stderr=is_stderr)
    signs = shown if budget.dresses(shown) else ""
    return Output(kind, strip_signs(shown), signs=signs, is_stderr=is_stderr)


def _shown(data: dict[str, Any], number: str, budget: Budget) -> Iterator[Output]:
    richest = _richest(data, budget)
    if richest:
        yield replace(richest, number=number)
    interactive = [name for media in data for start, name in _INTERACTIVE if media.startswith(start)]
    markup = read_text(data.get("text/html"))
    if (interactive or _ACTIVE.search(markup[:LONGEST_TEXT])) and not (richest and richest.kind == "image"):
        what = interactive[0] if interactive else "part of this output"
        yield Output("note", f"The interactive {what} is left out, since nothing of a notebook runs here.")
    elif not richest:
        kinds = replace_surrogates(", ".join(data))[:200]
        yield Output("note", f"An output of the kind {kinds or '“nothing”'} is left out.")
    elif markup and richest.kind not in {"html", "image"}:
        yield Output("note", "The HTML of this output shows nothing here, so another form of it is shown.")


def _richest(data: dict[str, Any], budget: Budget) -> Output | None:
    """The form of an output that tells most and that a page can carry."""
    for media in _IMAGES:
        address = read_image(media, data[media], budget) if media in data else ""
        if address:
            return Output("image", address)
    if "text/html" in data:
        markup, pictures = lift_pictures(read_text(data["text/html"]), budget)
        if _shows_something(markup[:LONGEST_TEXT]):
            return Output("html", budget.cut(markup), pasted=pictures)
    for media, kind in (("text/markdown", "markdown"), ("text/latex", "latex")):
        if media in data:
            text, pictures = lift_pictures(read_text(data[media]), budget)
            text = budget.cut(text)
            return Output(kind if budget.dresses(text) else "text", text, pasted=pictures)
    return _printed("text", read_text(data["text/plain"]), budget) if "text/plain" in data else None


def lift_pictures(text: str, budget: Budget) -> tuple[str, Mapping[str, str]]:
    """The text with names for pictures that it carries in addresses, and these pictures, as far as there is room."""
    pictures = dict[str, str]()

    def lift(found: re.Match[str]) -> str:
        before, media, packed = found.groups()
        name = f"inline-picture-{len(pictures) + 1}"
        pictures[name] = read_image(media.lower().replace("jpg", "jpeg"), unquote(packed), budget)
        return f"{before}attachment:{name}"

    lifted = _INLINE.sub(lift, text)
    return lifted, {name: address for name, address in pictures.items() if address}


def _shows_something(markup: str) -> bool:
    """Whether some HTML has words or a picture, once nothing of it runs."""
    kept = nh3.clean(markup, tags={"img"}, attributes={"img": {"src"}}, url_schemes={"http", "https", "attachment"})
    return " src=" in kept or bool(Markup(kept).striptags().strip())  # noqa: S704 # not shown


def read_image(media: str, told: object, budget: Budget) -> str:
    """The image as an address that carries it; empty when it is none, or too large. SVG is drawn as an image only."""
    content = read_text(told)
    if media == "image/svg+xml" and content.lstrip().startswith("<"):
        content = base64.b64encode(content.encode()).decode()
    packed = re.sub(r"\s", "", content)
    try:
        base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return ""
    is_known = media in _IMAGES
    return f"data:{media};base64,{packed}" if packed and is_known and budget.takes_image(len(packed)) else ""


def _old_data(told: dict[str, Any]) -> dict[str, Any]:
    """The data of an output of nbformat 3, by its present names."""
    names = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml", "html": "text/html",
             "latex": "text/latex", "text": "text/plain"}  # fmt: skip
    return {media: told[name] for name, media in names.items() if name in told}


def read_text(value: object) -> str:
    """A text, which notebooks may write as a list of lines."""
    if isinstance(value, list):
        return replace_surrogates("".join(line for line in value if isinstance(line, str)))
    return replace_surrogates(value) if isinstance(value, str) else ""


def write_number(value: object) -> str:
    """The number of an execution; empty when it has none."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
