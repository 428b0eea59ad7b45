"""reStructuredText as HTML that still has to be cleaned: nothing is included, nothing is raw, no file is read."""

import re

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree
from markupsafe import Markup

from framework.browse.render.code.highlighting import snippet
from framework.browse.render.markup.formulas import Formulas

SEVERE = 4
NOT_FOLLOWED = "What would read other files, holds raw parts or is no docutils directive is shown as it is written."
MOST_LINES, MOST_REFERENCES = 6_000, 1_500

# Whatever may refer to something else: docutils takes a time that grows with the square of their number.
_COSTLY = re.compile(r"_|\||\[")

# Whatever may open emphasis, code or a table: for each, docutils looks for its end in the rest of the paragraph.
_OPENING = re.compile(r"[*`+]")
_ROLE = re.compile(r":[\w:.+-]+:`[~!]?(?:(?P<title>[^`<]*[^`<\s])\s*<[^`<>]*>|(?P<target>[^`]*))`", re.DOTALL)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
MOST_LOOKED_AT = 30_000_000
_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "initial_header_level": 1,
    "input_encoding": "unicode",
    "line_length_limit": 100_000,
    "output_encoding": "unicode",
    "raw_enabled": False,
    "report_level": SEVERE,
    "smart_quotes": False,
    "stylesheet_path": "",
    "syntax_highlight": "none",
    "traceback": True,
    "warning_stream": "",
}


def render_restructured(text: str, formulas: Formulas) -> str:
    """The body of the document; formulas are marks. What is not followed in it is shown as it is written, and told.

    A document that would take docutils long, or that it cannot read well, is shown as it is written.
    """
    if _takes_long(text):
        return _as_written(text)
    try:
        return _body(text, formulas)
    except Exception:  # docutils raises anything, such as a KeyError for a substitution that nobody defined
        return _as_written(text)


def _takes_long(text: str) -> bool:
    looked_at = sum(len(_OPENING.findall(part)) * len(part) for part in _PARAGRAPHS.split(text))
    many = text.count("\n") > MOST_LINES or len(_COSTLY.findall(text)) > MOST_REFERENCES
    return many or looked_at > MOST_LOOKED_AT


def _body(text: str, formulas: Formulas) -> str:
    tree = publish_doctree(text, settings_overrides=dict(_SETTINGS))
    if any(mistake["level"] >= SEVERE for mistake in tree.findall(nodes.system_message)):
        return _as_written(text)
    for formula in list(tree.findall(nodes.math)):
        formula.replace_self(nodes.inline("", formulas.mark(formula.astext(), display=False)))
    for formula in list(tree.findall(nodes.math_block)):
        formula.replace_self(nodes.paragraph("", formulas.mark(formula.astext(), display=True)))
    for code in list(tree.findall(_is_code)):
        coloured = Markup("<pre><code>{}</code></pre>").format(snippet(code["classes"][-1], code.astext()))
        code.replace_self(nodes.raw("", coloured, format="html"))
    for word in list(tree.findall(nodes.problematic)):
        word.replace_self(_read_role(word.astext()))
    if _show_ignored_parts(tree):
        tree += nodes.transition(), nodes.paragraph("", NOT_FOLLOWED)
    page = publish_from_doctree(tree, writer="html5", settings_overrides=dict(_SETTINGS))
    return str(page).partition("<body")[2].partition(">")[2].rpartition("</body>")[0]


def _read_role(written: str) -> nodes.Element:
    """What a role of another program, such as Sphinx, is for: its title or its target; other mistakes as written."""
    found = _ROLE.fullmatch(written)
    return nodes.literal("", found["title"] or found["target"]) if found else nodes.inline("", written)


def _is_code(node: nodes.Node) -> bool:
    """Whether this is a block of code whose language is told, which docutils keeps among its classes."""
    return isinstance(node, nodes.literal_block) and node["classes"][:1] == ["code"]


def _show_ignored_parts(tree: nodes.document) -> bool:
    """Put each part that docutils was told not to follow, or did not understand, in the place of its complaint."""
    found = False
    for complaint in list(tree.findall(nodes.system_message)):
        written = next(iter(complaint.findall(nodes.literal_block)), None)
        if written:
            complaint.replace_self(written)
            found = True
        else:
            complaint.parent.remove(complaint)
    return found


def _as_written(text: str) -> str:
    return Markup("<pre>{}</pre>").format(text)
