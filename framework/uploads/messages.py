"""The mail about a new version, one to each person who takes part and did not make it."""

import textwrap
from dataclasses import dataclass

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.account import Account
from framework.email import messages
from framework.projects.access import ProjectAccess

LISTED_PATHS = 20
LONGEST_TITLE = 100


@dataclass(frozen=True)
class NewVersion:
    """What the mail tells: who stored which files, and where to look."""

    project: ProjectAccess
    actor: Account
    sha: str
    title: str
    paths: tuple[str, ...]

    def queue_for(self, session: Session, *, name: str, address: str) -> None:
        """Queue the message to one person; the commit and the person are its key, so it is sent once."""
        subject = f"[{self.project.full_name}] {one_line(self.title)}"
        key = f"version-{self.project.id}-{self.sha}-{name.casefold()}"
        messages.queue(session, to=address, subject=subject, text=self._text(name), key=key)

    def _text(self, name: str) -> str:
        who = self.actor.full_name or self.actor.name
        count = len(self.paths)
        listed = "\n".join(f"  {path}" for path in self.paths[:LISTED_PATHS])
        rest = f"\n  and {count - LISTED_PATHS:,} more" if count > LISTED_PATHS else ""
        link = f"{config.current().base_url}{self.project.address('commit', self.sha)}"
        return (
            f"Hello {name},\n\n{who} has stored {count:,} file{'' if count == 1 else 's'} in {self.project.full_name}:"
            f"\n\n{listed}{rest}\n\n{self.title}\n\nLook at the version: {link}\n"
        )


def one_line(title: str) -> str:
    """The title as a subject can hold it: printable, and not too long for the project's name beside it."""
    printable = "".join(character if character.isprintable() else " " for character in title)
    return textwrap.shorten(printable, LONGEST_TITLE, placeholder=" …")
