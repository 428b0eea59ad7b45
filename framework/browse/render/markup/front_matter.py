"""The YAML at the start of a document, as a table of what it says; its values as they are written."""

import re

import yaml
from markupsafe import Markup

LONGEST = 1 << 14
MOST_VALUES = 500

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$\n?", re.DOTALL | re.MULTILINE)
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _TooMany(ValueError):
    """It has more values than a table shows; aliases can make any number of them."""


def split_front_matter(text: str) -> tuple[Markup, str]:
    """What the front matter says, as HTML, and the document behind it; nothing and the whole text without any."""
    found = _FRONT.match(text, 0, LONGEST)
    if not found or not found[1].strip():
        return Markup(), text
    try:
        told = yaml.load(found[1], Loader=_LOADER)  # noqa: S506 # the base loader makes texts, lists and mappings only
        if not isinstance(told, dict):
            return Markup(), text
        shown = _Table().of(told)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        shown = Markup("<pre><code>{}</code></pre>").format(found[1])
    return shown, text[found.end() :]


class _Table:
    """Makes tables, and counts their values."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def of(self, value: object) -> Markup:
        """The HTML of a value: a table of a mapping, a list of a list.

        Raises:
            ValueError: it has too many values.
        """
        self._left -= 1
        if self._left < 0:
            raise _TooMany
        if isinstance(value, dict):
            rows = (
                Markup("<tr><th>{}</th><td>{}</td></tr>").format(str(name), self.of(one)) for name, one in value.items()
            )
            return Markup("<table><tbody>{}</tbody></table>").format(Markup().join(rows))
        if isinstance(value, list):
            if all(isinstance(one, str) for one in value):
                return Markup(", ").join(value[:MOST_VALUES])
            return Markup("<ul>{}</ul>").format(
                Markup().join(Markup("<li>{}</li>").format(self.of(one)) for one in value)
            )
        return Markup("{}").format(value)
