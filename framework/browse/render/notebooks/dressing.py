"""Notebooks as pages show them: documents, formulas, colours, and an outline of the headings."""

from dataclasses import replace

from markupsafe import Markup

from framework.browse.render.code.highlighting import snippet
from framework.browse.render.documents import Links, clean_html, render_to_html
from framework.browse.render.markup.anchors import Anchors
from framework.browse.render.markup.formulas import render_formula
from framework.browse.render.notebooks.outputs import Output
from framework.browse.render.notebooks.reading import Cell, Notebook
from framework.browse.render.notebooks.terminal import render_terminal


def dress(notebook: Notebook, links: Links) -> Notebook:
    """The notebook with its documents, formulas and colours made."""
    anchors = Anchors(jupyter=True)
    cells = [_dress_cell(cell, links, anchors) for cell in notebook.cells]
    return replace(notebook, cells=cells, outline=anchors.headings)


def _dress_cell(cell: Cell, links: Links, anchors: Anchors) -> Cell:
    if cell.plain:
        html = None
    elif cell.kind == "markdown":
        html = render_to_html(cell.source, links, anchors=anchors, pasted=cell.pasted)
    else:
        html = snippet(cell.language, cell.source) if cell.kind == "code" else None
    return replace(cell, html=html, outputs=[_dress_output(output, links, anchors) for output in cell.outputs])


def _dress_output(output: Output, links: Links, anchors: Anchors) -> Output:
    if output.signs:
        return replace(output, html=render_terminal(output.signs), signs="")
    if output.kind == "markdown":
        return replace(output, html=render_to_html(output.content, links, anchors=anchors, pasted=output.pasted))
    if output.kind == "html":
        return replace(output, html=Markup(clean_html(output.content, links, output.pasted)))  # noqa: S704 # cleaned
    if output.kind == "latex":
        latex = output.content.strip().strip("$").removeprefix("\\displaystyle")
        if "$" in latex.replace("\\$", ""):  # several formulas, and words between them
            return replace(output, html=render_to_html(output.content, links))
        return replace(output, html=render_formula(latex, display=True))
    return output
