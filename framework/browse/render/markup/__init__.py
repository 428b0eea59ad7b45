"""How people mark text up: Markdown and reStructuredText as HTML that still has to be cleaned, formulas, anchors."""
