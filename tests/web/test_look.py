"""What can be told of the look without an eye: contrast, and icons that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LIGHT, DARK = (ROOT / "static" / "tokens.css").read_text().split("@media", 1)
CODE = ("comment", "keyword", "string", "number", "function")
READABLE = [
    ("text", "ground"),
    ("text", "surface"),
    ("text", "hover"),
    ("muted", "ground"),
    ("muted", "surface"),
    ("muted", "sunken"),
    ("link", "ground"),
    ("link", "surface"),
    ("accent", "accent-soft"),
    ("muted", "accent-soft"),
    ("on-button", "button"),
    ("on-button", "button-hover"),
    ("danger", "surface"),
    ("danger", "danger-soft"),
    ("warning", "warning-soft"),
    ("good", "good-soft"),
    ("text", "good-soft"),
    ("text", "added-strong"),
    ("text", "removed-strong"),
    *((f"code-{kind}", back) for kind in CODE for back in ("surface", "sunken", "warning-soft")),
]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), READABLE)
def test_it_keeps_text_readable(scheme: str, front: str, back: str) -> None:
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1."""
    lighter, darker = sorted((_luminance(scheme, front), _luminance(scheme, back)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_it_has_every_icon_that_a_template_names() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static" / "icons.svg").read_text()))
    templates = [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    named = {name for text in templates for name in re.findall(r'\bicon\("([\w-]+)"', text)}
    assert named
    assert named <= drawn


def _luminance(scheme: str, name: str) -> float:
    found = re.search(rf"--{name}: #([0-9a-f]{{6}});", scheme)
    assert found, f"--{name} is not a colour"
    red, green, blue = (int(found[1][start : start + 2], 16) / 255 for start in (0, 2, 4))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
