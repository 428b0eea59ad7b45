"""reStructuredText as HTML that still has to be cleaned: nothing is included, nothing is raw, no file is read."""

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree

from framework.browse.formulas import Formulas

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
    "report_level": 5,
    "smart_quotes": False,
    "stylesheet_path": "",
    "syntax_highlight": "none",
    "traceback": False,
    "warning_stream": "",
}


def restructured_html(text: str, formulas: Formulas) -> str:
    """The body of the document; formulas are marks. Mistakes in it are left out of what is shown."""
    tree = publish_doctree(text, settings_overrides=dict(_SETTINGS))
    for formula in list(tree.findall(nodes.math)):
        formula.replace_self(nodes.inline("", formulas.mark(formula.astext(), display=False)))
    for formula in list(tree.findall(nodes.math_block)):
        formula.replace_self(nodes.paragraph("", formulas.mark(formula.astext(), display=True)))
    for mistake in list(tree.findall(nodes.system_message)):
        mistake.parent.remove(mistake)
    page = publish_from_doctree(tree, writer="html5", settings_overrides=dict(_SETTINGS))
    return str(page).partition("<body")[2].partition(">")[2].rpartition("</body>")[0]
