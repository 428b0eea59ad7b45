"""ESLint and TypeScript's checker over the browser's scripts, by npm; `python -m tools.check_javascript`.

Where the packages cannot be fetched, that is said and the scripts are left unchecked: everything else can be.
"""

import subprocess
import sys
from pathlib import Path

from tools.node import KEPT, OLDEST_FOR_CHECKS, ROOT, NodeFailed, programs, run

CHECKERS = ROOT / "tools" / "javascript"
PACKAGES = (CHECKERS, ROOT / "tools" / "editor")
"""What the scripts are checked with, and the types of what the editor, the diagrams and the models import."""


def main() -> int:
    """Check; 0 also where it was not possible."""
    try:
        node, npm = programs(KEPT, oldest=OLDEST_FOR_CHECKS)
        for folder in PACKAGES:
            install(npm, folder)
    except NodeFailed as failure:
        sys.stderr.write(f"The scripts were not checked, since npm or its packages could not be had: {failure}\n")
        return 0
    modules = CHECKERS / "node_modules"
    eslint = [str(modules / "eslint" / "bin" / "eslint.js"), "--config", str(CHECKERS / "eslint.config.js")]
    checks = (
        [*node, *eslint, "static", "tools/editor"],
        [*node, str(modules / "typescript" / "bin" / "tsc"), "--project", str(CHECKERS)],
    )
    return max(subprocess.run(check, cwd=ROOT, check=False).returncode for check in checks)


def install(npm: list[str], folder: Path) -> None:
    """Fetch the packages that the folder's lock file names, unless they are there.

    Raises:
        NodeFailed.
    """
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
    run([*npm, "--prefix", str(folder), "ci", *quiet], folder)
    installed.touch()


if __name__ == "__main__":
    sys.exit(main())
