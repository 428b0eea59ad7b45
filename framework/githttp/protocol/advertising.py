"""What a server tells a client that is about to push: the refs as SQL has them, and what it understands."""

from collections.abc import Iterator

from framework.gitcore.pkt_line import FLUSH, pkt
from framework.githttp.protocol.commands import CAPABILITIES, NOTHING
from framework.repositories.catalog.snapshot import read_snapshot


def advertise_for_push(repository_id: str | None) -> Iterator[bytes]:
    """The answer to `info/refs?service=git-receive-pack`; None is a project that the push will create."""
    refs = read_snapshot(repository_id).refs if repository_id else {}
    yield pkt(b"# service=git-receive-pack\n") + FLUSH
    lines = [f"{sha} {name}" for name, sha in sorted(refs.items())] or [f"{NOTHING} capabilities^{{}}"]
    lines[0] += f"\0{CAPABILITIES}"
    yield b"".join(pkt(f"{line}\n".encode()) for line in lines) + FLUSH
