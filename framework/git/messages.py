"""What a push is told as: lines of the project's activity, of which mails and inboxes are made."""

from dataclasses import dataclass
from typing import Any

from framework.git.commands import Command
from framework.repositories.refs import HEADS, TAGS

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
        short = self.command.name.removeprefix(HEADS).removeprefix(TAGS)
        if self.command.new is None:
            return {"deleted": short}
        kind = "branch" if self.command.name.startswith(HEADS) else "tag"
        told = {kind: short, "sha": self.command.new, "title": self.title}
        return {**told, "commits": self.count, "titles": list(self.titles)} if kind == "branch" else told
