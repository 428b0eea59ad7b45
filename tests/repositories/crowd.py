"""Writers in a process of their own: `crowd REPOSITORY NUMBER THREADS ROUNDS` prints the commits that landed."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from framework import config
from framework.config import Config
from framework.gitcore.pack_writer import blob_name
from framework.repositories.write.branch_writer import write
from framework.repositories.write.commit import do_nothing
from framework.repositories.write.operations import Put, Write


def write_file(repository_id: str, file: Path) -> str:
    """Write one file of its own; the commit."""
    file.write_text(file.name)
    with file.open("rb") as source:
        put = Put(file.name, file, file.stat().st_size, blob_name(source, file.stat().st_size))
    wanted = Write(repository_id, "main", [put], f"Add {file.name}", "Crowd <crowd@example.org>", "crowd")
    return write(wanted, precheck=do_nothing, in_transaction=do_nothing).sha


def main(repository_id: str, number: str, threads: int, rounds: int) -> None:
    """Have every thread write in every round."""
    config.use(Config.from_environment())
    with TemporaryDirectory() as folder, ThreadPoolExecutor(threads) as pool:
        names = [Path(folder, f"{number}-{thread}-{turn}") for turn in range(rounds) for thread in range(threads)]
        print(json.dumps(list(pool.map(lambda file: write_file(repository_id, file), names))))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
