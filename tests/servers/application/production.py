"""An environment that holds requirements.txt alone, as production has it, so that tests see what the file lacks."""

import shutil
import subprocess
from pathlib import Path

from tests.servers.run import ROOT, Facts, Run

FOLDER = ROOT / ".venv-production"


def production_programs(run: Run) -> Path:
    """The folder of its programs; `make test` has made it before, and this makes it for whoever runs a part."""
    return Path(run.shared("production-environment", _install)["programs"])


def _install(_run: Run) -> Facts:
    make = shutil.which("make")
    assert make, "the tests need make: install the Debian package make (apt-get install make)"
    subprocess.run([make, "--silent", "-C", str(ROOT), f"{FOLDER.name}/requirements.txt"], check=True)
    return {"programs": str(FOLDER / "bin")}
