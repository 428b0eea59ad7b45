"""Access tokens in what people store: one that works is refused before anybody reads it, and its owner is told."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from framework.accounts.core import budgets, emails
from framework.accounts.core.budgets import BudgetSpent
from framework.accounts.core.credentials import digest
from framework.accounts.models import Token, User
from framework.accounts.signin import tokens
from framework.database.batches import in_batches
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Invalid
from framework.files import find_all, read_chunks

_MARKS = tokens.PREFIX.encode(), tokens.EARLIER_PREFIX.encode()


class TokenInFile(Invalid):
    """Something holds an access token that works."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"“{path}” contains an access token of this server that works, so nothing was stored. Delete the token in"
            " your settings, under Access tokens, and take it out of the file (of a push: out of every commit). Keep"
            " tokens in an environment variable or a password manager instead."
        )


def refuse_tokens(path: str, texts: Iterable[str]) -> None:
    """Let a file pass in which none of these texts, which look like tokens, is one that works.

    The owner of one is told by mail.

    Raises:
        TokenInFile.
    """
    digests = [digest(text) for text in texts]
    found = [_tell_owners(some) for some in in_batches(digests)]
    if any(found):
        raise TokenInFile(path)


def tokens_in_file(file: Path) -> set[str]:
    """What looks like a token of ours in a file of any size; constant memory."""
    with file.open("rb") as opened:
        return tokens_in_pieces(read_chunks(opened))


def tokens_in_pieces(pieces: Iterable[bytes]) -> set[str]:
    """The same of a content that comes piece by piece."""
    search = TokenSearch()
    for piece in pieces:
        search.read(piece)
    return search.found


class TokenSearch:
    """Finds what looks like a token of ours in pieces that follow each other; `found` has what there is so far."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._end = b""

    def read(self, piece: bytes | memoryview) -> None:
        """Search the next piece; a token may lie across some, so the seam is searched, too."""
        self.found |= tokens_in(piece) | tokens_in(self._end + bytes(piece[: tokens.LONGEST]))
        self._end = (self._end + bytes(piece[-tokens.LONGEST :]))[-tokens.LONGEST :]


def tokens_in(content: bytes | memoryview) -> set[str]:
    """What looks like a token of ours; searching for the marks is ten times as fast as for the pattern."""
    found = set[str]()
    for mark in _MARKS:
        for place in find_all(content, mark):
            if seen := tokens.PATTERN.match(content, place):
                found.add(bytes(seen[0]).decode())
    return {text for text in found if tokens.is_well_formed(text)} if found else found


def _tell_owners(digests: Sequence[str]) -> bool:
    """Tell the owners of the tokens among these that work; whether there is any."""
    living = or_(Token.expires_at.is_(None), Token.expires_at > now())
    query = select(Token, User).join(User, User.id == Token.user_id).where(Token.digest.in_(digests), living)
    with transaction() as session:
        found = session.execute(query).all()
        for token, user in found:
            _tell(session, user, token)
    return bool(found)


def _tell(session: Session, user: User, token: Token) -> None:
    with suppress(BudgetSpent):
        budgets.spend(session, [f"leak:{token.id}"])
        emails.mail_found_token(session, user, token)
