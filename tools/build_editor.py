"""Make what the browser gets from packages, in `static/built/`: the editor, the diagrams and the models.

What is fetched stays in a temporary folder. Where the packages cannot be fetched pages have a plain field for text,
diagrams are shown as they are written, and models by their size.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.node import NodeFailed, programs, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tools" / "editor"
BUILT = ROOT / "static" / "built"
SCRIPTS = ("editor.js", "diagrams.js", "models.js")
OLDEST_NODE = (18, 0)


def main() -> int:
    """Build; 0 also where it was not possible, since everything works without."""
    try:
        with TemporaryDirectory() as folder:
            build(Path(folder))
    except NodeFailed as failure:
        sys.stderr.write(
            f"The editor, diagrams and models were not built, so pages have plain text instead: {failure}\n"
        )
    return 0


def build(folder: Path) -> None:
    """Fetch the packages that the lock file names into the folder, and put the files in their place when all are made.

    Raises:
        NodeFailed.
    """
    for name in ("package.json", "package-lock.json", *SCRIPTS):
        shutil.copy(SOURCE / name, folder)
    node, npm = programs(folder, oldest=OLDEST_NODE)
    run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"], folder)
    options = ["--bundle", "--splitting", "--format=esm", "--minify", "--target=es2022", "--outdir=made"]
    run([*node, "node_modules/esbuild/bin/esbuild", *SCRIPTS, *options], folder)
    shutil.rmtree(BUILT, ignore_errors=True)
    shutil.move(folder / "made", BUILT)


if __name__ == "__main__":
    sys.exit(main())
