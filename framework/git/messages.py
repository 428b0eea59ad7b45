"""What a push is told as: lines of the project's activity, and one mail to each other member."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.account import Account
from framework.email import messages
from framework.git.commands import Command
from framework.projects.access import ProjectAccess
from framework.repositories.refs import HEADS, TAGS
from framework.uploads.messages import one_line

LISTED_TITLES = 20


@dataclass(frozen=True)
class RefNews:
    """What a push did to one ref: how many commits it brought, and the newest ones' titles."""

    command: Command
    title: str = ""
    count: int = 0
    titles: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The branch or tag as people call it."""
        return self.command.name.removeprefix(HEADS).removeprefix(TAGS)

    @property
    def details(self) -> dict[str, Any]:
        """The event's details."""
        if self.command.new is None:
            return {"deleted": self.short}
        kind = "branch" if self.command.name.startswith(HEADS) else "tag"
        return {kind: self.short, "sha": self.command.new, "title": self.title}

    @property
    def text(self) -> str:
        """What happened, in a paragraph."""
        if self.command.new is None:
            return f"{self.short} was deleted."
        if self.command.name.startswith(TAGS):
            return f"The tag {self.short}: {self.title}".rstrip(": ")
        listed = "".join(f"\n  {title}" for title in self.titles)
        more = f"\n  and {self.count - len(self.titles):,} more" if self.count > len(self.titles) else ""
        return f"{self.count:,} new commit{'' if self.count == 1 else 's'} on {self.short}:{listed}{more}"


@dataclass(frozen=True)
class PushNews:
    """One push as its mail tells it."""

    project: ProjectAccess
    actor: Account
    push_id: str
    refs: tuple[RefNews, ...]

    def queue_for(self, session: Session, *, name: str, address: str) -> None:
        """Queue the message to one person; the push and the person are its key, so it is sent once."""
        first = self.refs[0]
        subject = f"[{self.project.full_name}] {one_line(first.title or f'{first.short} was changed')}"
        key = f"push-{self.push_id}-{name.casefold()}"
        messages.queue(session, to=address, subject=subject, text=self._text(name), key=key)

    def _text(self, name: str) -> str:
        who = self.actor.full_name or self.actor.name
        told = "\n\n".join(news.text for news in self.refs)
        link = f"{config.current().base_url}{self.project.path}"
        return f"Hello {name},\n\n{who} has pushed to {self.project.full_name}.\n\n{told}\n\nLook at it: {link}\n"
