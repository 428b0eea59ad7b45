"""What a push is offered and what it asks for: refs, and what either side understands (gitprotocol-pack(5))."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from framework.errors import TooLarge
from framework.gitcore.pkt_line import FLUSH, BadRequest, Received, pkt
from framework.gitcore.ref_names import NO_OBJECT
from framework.repositories.catalog.snapshot import read_snapshot

MAX_COMMANDS = 20_000
MAX_OPTIONS = 1_000
CAPABILITIES = (
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options object-format=sha1"
    " agent=holdfast"
)

_COMMAND = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0\n]+)")


class TooManyCommands(TooLarge):
    """One push moves more refs than one change may."""

    def __init__(self) -> None:
        super().__init__(f"One push may change {MAX_COMMANDS:,} branches and tags at most; push fewer at a time.")


@dataclass(frozen=True)
class Command:
    """One ref's wanted way from `old` to `new`; None stands for absent. The name is as it was sent, unchecked."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class PushRequest:
    """The commands of a push and the capabilities that the client chose."""

    commands: tuple[Command, ...]
    capabilities: frozenset[str]

    @property
    def has_pack(self) -> bool:
        """Whether a pack follows: only deletions go without."""
        return any(command.new for command in self.commands)

    @property
    def is_atomic(self) -> bool:
        """Whether all refs are to move or none."""
        return "atomic" in self.capabilities


def advertise_for_push(repository_id: str | None) -> Iterator[bytes]:
    """The answer to `info/refs?service=git-receive-pack`; None is a project that the push will create."""
    refs = read_snapshot(repository_id).refs if repository_id else {}
    yield pkt(b"# service=git-receive-pack\n") + FLUSH
    lines = [f"{sha} {name}" for name, sha in sorted(refs.items())] or [f"{NO_OBJECT} capabilities^{{}}"]
    lines[0] += f"\0{CAPABILITIES}"
    yield b"".join(pkt(f"{line}\n".encode()) for line in lines) + FLUSH


def read_request(body: Received) -> PushRequest:
    """The head of a push, up to its pack; without a command for git's probe.

    Raises:
        BadRequest, TooManyCommands.
    """
    commands: list[Command] = []
    capabilities: frozenset[str] = frozenset()
    shallow = 0
    while (line := body.line()) is not None:
        if len(commands) + shallow >= MAX_COMMANDS:
            raise TooManyCommands
        if line.startswith(b"shallow "):
            shallow += 1
            continue
        text, separator, listed = line.partition(b"\0")
        if separator:
            capabilities = frozenset(listed.decode(errors="replace").split())
        commands.append(_command(text))
    if commands and "push-options" in capabilities:
        _skip_options(body)
    return PushRequest(tuple(commands), capabilities)


def _command(text: bytes) -> Command:
    found = _COMMAND.fullmatch(text)
    if not found:
        raise BadRequest("a line names no change of a branch or tag")
    old, new = (None if name == NO_OBJECT else name for name in (found[1].decode(), found[2].decode()))
    return Command(found[3].decode(errors="surrogateescape"), old, new)


def _skip_options(body: Received) -> None:
    """Push options are accepted and mean nothing here."""
    for _number in range(MAX_OPTIONS + 1):
        if body.line() is None:
            return
    raise BadRequest("it has too many push options")
