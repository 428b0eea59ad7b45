"""Formulas written in LaTeX, as MathML that browsers draw themselves; what cannot be read stays as it is written."""

import re
import secrets

import nh3
from latex2mathml.converter import convert
from markupsafe import Markup, escape

LONGEST_FORMULA = 2_000
MOST_FORMULAS, MOST_CHARACTERS = 300, 30_000

_TAGS = {
    "math", "menclose", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mroot",
    "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder",
    "munderover",
}  # fmt: skip
_ATTRIBUTES = {"math": {"display"}} | {
    tag: {"accent", "columnalign", "fence", "form", "linethickness", "mathvariant", "maxsize", "minsize", "notation",
          "rowspacing", "separator", "stretchy", "width"}
    for tag in _TAGS - {"math"}
}  # fmt: skip


# Numbers and their names, which have a meaning in a whole article only, and the environment of one numbered formula.
_DROPPED = re.compile(r"\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}|\\label\{[^{}]*\}|\\(?:nonumber|notag)\b")
_ALIKE = re.compile(r"\\(begin|end)\{(?:aligned|align|alignat|flalign|eqnarray|gather|gathered|multline|split)\*?\}")


class Formulas:
    """The formulas of one document: each leaves a mark that nobody can guess, and takes its place after the cleaning.

    What the converter makes is cleaned on its own, since it lets tags and addresses of the formula through.
    """

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(8)
        self._made: dict[str, Markup] = {}
        self._left = MOST_CHARACTERS

    def mark(self, latex: str, *, display: bool) -> str:
        """The mark that stands for a formula until `fill` replaces it."""
        name = f"formula{self._nonce}n{len(self._made)}e"
        self._left -= len(latex)
        readable = len(latex) <= LONGEST_FORMULA and len(self._made) < MOST_FORMULAS and self._left >= 0
        self._made[name] = render_formula(latex, display=display) if readable else _as_written(latex)
        return name

    def fill(self, html: str) -> str:
        """The cleaned document with its formulas."""
        return re.sub(f"formula{self._nonce}n[0-9]+e", lambda found: self._made.pop(found[0], Markup()), html)


def render_formula(latex: str, *, display: bool) -> Markup:
    """The formula as MathML; as code when it is none that the converter knows."""
    try:
        made = convert(_simplify(latex), display="block" if display else "inline")
    except Exception:  # each mistake in a formula has an error class of its own, and some have none
        return _as_written(latex)
    return Markup(nh3.clean(made, tags=_TAGS, attributes=_ATTRIBUTES))  # noqa: S704 # cleaned


def _simplify(latex: str) -> str:
    """The formula without numbers for references, in the environments that the converter knows."""
    return _ALIKE.sub(r"\\\1{align*}", _DROPPED.sub("", latex)).strip()


def _as_written(latex: str) -> Markup:
    return Markup("<code>{}</code>").format(latex) if latex else escape("")
