"""The tokens of links: made, shown once, and found again by their SHA-256."""

import re
import secrets
import string
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.credentials import USE_NOTED_EVERY, digest
from framework.database.types import now
from framework.projects.models import Link

VIEW, DROP = "view", "drop"
PREFIX = "hl_"
RANDOM_LENGTH = 40
_CHARACTERS = string.digits + string.ascii_letters
_TOKEN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_LENGTH}}}")


def new_token() -> str:
    """The last part of a link that nobody has: a mark and 40 random letters and digits."""
    return PREFIX + "".join(secrets.choice(_CHARACTERS) for _ in range(RANDOM_LENGTH))


def is_token(text: str) -> bool:
    """Whether a text can be a link's token."""
    return _TOKEN.fullmatch(text) is not None


def find_link(session: Session, token: str, kind: str) -> Link | None:
    """The link of this kind that the token is of; None when there is none, or it has ended."""
    if not is_token(token):
        return None
    link = session.scalar(select(Link).where(Link.digest == digest(token), Link.kind == kind))
    return link if link is not None and is_living(link) else None


def is_living(link: Link, moment: datetime | None = None) -> bool:
    """Whether the link was neither revoked nor has expired."""
    return link.revoked_at is None and (link.expires_at is None or link.expires_at > (moment or now()))


def is_use_to_be_noted(link: Link) -> bool:
    """Whether the last use that is noted is an hour ago."""
    return link.last_used_at is None or link.last_used_at + USE_NOTED_EVERY < now()
