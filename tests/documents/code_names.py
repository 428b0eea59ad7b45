"""What a module of the code defines, for pages that name it."""

import ast
from pathlib import Path


def names_in(file: Path) -> set[str]:
    """The module's functions and classes, and the methods of these as `Class.method`."""
    body = ast.parse(file.read_text()).body
    methods = [(f"{one.name}.", node) for one in body if isinstance(one, ast.ClassDef) for node in one.body]
    named = [*(("", node) for node in body), *methods]
    return {f"{owner}{node.name}" for owner, node in named if isinstance(node, ast.FunctionDef | ast.ClassDef)}
