"""What becomes of each ref of a push: accepted until something speaks against it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from framework.githttp.protocol.commands import Command, PushRequest

LONGEST_REASON = 400


@dataclass
class RefStatuses:
    """The commands of one push, and the reasons of those that are refused."""

    asked: PushRequest
    unpack: str = "ok"
    _reasons: dict[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> list[Command]:
        """The commands that nothing speaks against yet."""
        return [command for command in self.asked.commands if command.name not in self._reasons]

    @property
    def moves(self) -> list[Command]:
        """Those of them that change something."""
        return [command for command in self.accepted if command.old != command.new]

    @property
    def tips(self) -> list[str]:
        """The objects that accepted refs are to point to."""
        return sorted({command.new for command in self.accepted if command.new})

    def refuse(self, name: str, reason: str) -> None:
        """Refuse one ref; with `--atomic`, all others with it."""
        self._reasons.setdefault(name, " ".join(reason.split())[:LONGEST_REASON])
        if self.asked.is_atomic:
            self.refuse_all(f"atomic push failed because of {name}")

    def refuse_all(self, reason: str) -> None:
        """Refuse every ref that is not refused yet."""
        for command in self.accepted:
            self._reasons[command.name] = " ".join(reason.split())[:LONGEST_REASON]

    def reasons(self) -> Iterable[str]:
        """Each reason once, in the order in which they came."""
        return dict.fromkeys(self._reasons.values())

    def lines(self) -> list[bytes]:
        """The report-status lines."""
        return [f"unpack {self.unpack}".encode(), *(self._line(command) for command in self.asked.commands)]

    def _line(self, command: Command) -> bytes:
        reason = self._reasons.get(command.name)
        text = f"ok {command.name}" if reason is None else f"ng {command.name} {reason}"
        return text.encode(errors="surrogateescape")
