"""The sizes that the tree keeps; what is larger is divided by idea. `python -m tools.limits` names each of these."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("framework", "tests", "benchmarks", "tools")
FOLDERS_OF = ("framework", "tests", "benchmarks")
MOST_FUNCTION_LINES = 60
MOST_FILE_LINES = 300
MOST_FILES = 15
MIGRATIONS = Path("framework/database/migrations/versions")
"""Alembic writes these, and they only become more: a history is not divided."""
UNCOUNTED = {"__init__.py", "conftest.py"}
"""Python and pytest want these in a folder, whatever its idea."""
SKIPPED = {"node_modules", "__pycache__"}


def main(root: Path = ROOT) -> int:
    """Print a line for each violation; 1 where there is one."""
    found = [*long_files(root), *long_functions(root), *full_folders(root)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return int(bool(found))


def long_files(root: Path) -> Iterator[str]:
    """The files with too many lines."""
    for path in python_files(root):
        lines = len((root / path).read_text().splitlines())
        if lines > MOST_FILE_LINES:
            yield f"{path}: {lines} lines, at most {MOST_FILE_LINES}: move an idea of it into a file of its own"


def long_functions(root: Path) -> Iterator[str]:
    """The functions with too many lines, from their decorators to their end."""
    for path in python_files(root):
        for node in ast.walk(ast.parse((root / path).read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                lines = (node.end_lineno or first) - first + 1
                if lines > MOST_FUNCTION_LINES:
                    yield (
                        f"{path}:{first}: {node.name} has {lines} lines, at most {MOST_FUNCTION_LINES}:"
                        " give a step of it a name and a function"
                    )


def full_folders(root: Path) -> Iterator[str]:
    """The folders with too many files directly in them."""
    files = [path for path in python_files(root) if path.parts[0] in FOLDERS_OF and path.name not in UNCOUNTED]
    for folder in sorted({path.parent for path in files}):
        number = sum(path.parent == folder for path in files)
        if number > MOST_FILES:
            yield f"{folder}: {number} Python files, at most {MOST_FILES}: put those of one idea into a folder"


def python_files(root: Path) -> list[Path]:
    """The files that are held to it, as paths below the root."""
    found = [path.relative_to(root) for place in PLACES for path in (root / place).rglob("*.py")]
    return sorted(path for path in found if path.parent != MIGRATIONS and not SKIPPED & set(path.parts))


if __name__ == "__main__":
    sys.exit(main())
