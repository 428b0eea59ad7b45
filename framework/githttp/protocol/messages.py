"""What a push is told as: lines of the project's activity, of which mails and inboxes are made."""

from dataclasses import dataclass
from typing import Any

from framework.gitcore.ref_names import TAGS, short_name
from framework.githttp.protocol.commands import Command

LISTED_TITLES = 10


@dataclass(frozen=True)
class RefNews:
    """What a push did to one ref: how many commits it brought, and the newest ones' titles."""

    command: Command
    title: str = ""
    count: int = 0
    titles: tuple[str, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        """The event's details."""
        short = short_name(self.command.name)
        if self.command.new is None:
            return {"deleted": short}
        kind = "tag" if self.command.name.startswith(TAGS) else "branch"
        told = {kind: short, "sha": self.command.new, "title": self.title}
        return {**told, "commits": self.count, "titles": list(self.titles)} if kind == "branch" else told
