"""100 MiB go in and out of every store in little memory, in a process of its own that may have no more."""

import subprocess
import sys
from pathlib import Path

from framework.config import Config
from tests.cast import on_each_deployment_in_full
from tests.servers.application.deployments import environment
from tests.servers.run import ROOT

pytestmark = on_each_deployment_in_full

MIB = 1024 * 1024
BODY_BYTES = 100 * MIB
MOST_GROWTH_BYTES = 24 * MIB
"""Far less than a body, far more than the buffers that a request needs."""

# The bound is set after a small object has gone both ways, so that what is needed more belongs to the large one.
_CHILD = """
import hashlib, sys
from pathlib import Path
from framework.storage.current import store
from tests.memory import growing_by

source, target = Path(sys.argv[1]), Path(sys.argv[2])

def there_and_back(key, path):
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    store().put(key, path, sha256=sha256)
    fetched = store().fetch(key, target)
    assert fetched.sha256 == sha256
    with store().stream(key) as chunks:
        return sum(map(len, chunks))

there_and_back("small", target.with_name("small"))
with growing_by(int(sys.argv[3])):
    print(there_and_back("large", source))
"""


def test_it_moves_a_large_object_in_constant_memory(settings: Config, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(bytes(1000))
    with (tmp_path / "large").open("wb") as file:
        file.truncate(BODY_BYTES)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path / "large"), str(tmp_path / "target"), str(MOST_GROWTH_BYTES)],
        check=True,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment(settings),
    )
    assert int(done.stdout) == BODY_BYTES
