"""The claims to a bucket, as they stand in it and in SQL: tokens, and the marks that renew them."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, null, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient

from framework.database.session import read_transaction, transaction
from framework.database.types import from_now, later, now
from framework.storage.contract import ObjectMissing, ObjectStore, StoredObject
from framework.storage.models import CLAIMING, OWNER, Deployment

PREFIX = "deployment/"
KEPT = timedelta(hours=1)
"""How long SQL knows a mark as ours that is not in the bucket: another process may just be writing it."""
TOKEN_KEY = re.compile(r"deployment/(\d{10})-([0-9a-f]{16})\.json")
MARK_KEY = re.compile(r"deployment/marks/(\d{10})/([0-9a-f]{32})")
USUAL_SECONDS = 60.0
RENEWED_EVERY = timedelta(minutes=1)
RESTS_AFTER = timedelta(minutes=15)
"""So long after the last write the marks end: a deployment that nobody uses asks nothing of the store."""
Mark = dict[str, Any]
"""A mark as SQL knows it: its name, the moment `at` which it was made, the last use (`used_at`), whether it `rests`."""
Token = tuple[int, str]
"""The number of a claim to the bucket, which grows with each take-over, and the random part of its name."""


@dataclass(frozen=True)
class BucketListing:
    """What the bucket says of its owners: tokens, oldest first, and all marks, each with the number of its token."""

    tokens: Sequence[Token]
    marks: Sequence[tuple[int, StoredObject]]

    @property
    def newest(self) -> Token | None:
        return self.tokens[-1] if self.tokens else None

    @property
    def highest(self) -> int:
        """The number of the newest claim that left anything, be it marks alone: its token may have been deleted."""
        return max([0, *(number for number, _claim in self.tokens), *(number for number, _entry in self.marks)])

    def marks_of(self, token: Token | None) -> dict[str, datetime]:
        """The names of a token's marks, and when each was stored."""
        return {
            entry.key.rpartition("/")[2]: entry.modified_at
            for number, entry in self.marks
            if token is not None and number == token[0]
        }


class BucketClaims:
    """The objects of a bucket that tell whose it is."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def list(self) -> BucketListing:
        """One request; what SQL says is read afterwards, so that it knows of everything that is listed."""
        stored = list(self._store.list(PREFIX))
        tokens = sorted((int(match[1]), match[2]) for entry in stored if (match := TOKEN_KEY.fullmatch(entry.key)))
        marks = [(int(match[1]), entry) for entry in stored if (match := MARK_KEY.fullmatch(entry.key))]
        return BucketListing(tokens, marks)

    def holds_projects(self) -> bool:
        """Whether a repository has an object there."""
        return next(self._store.list("repos/"), None) is not None

    def put_token(self, row: Deployment) -> None:
        """Claim the bucket for this deployment."""
        told: dict[str, object] = {"deployment": row.identity, "token": row.token, "at": row.claimed_at.isoformat()}
        self._put(token_key(token_of(row)), told)

    def delete_token(self, row: Deployment) -> None:
        """Withdraw this claim."""
        self._store.delete(token_key(token_of(row)))

    def put_mark(self, row: Deployment, mark: Mark, look_seconds: float) -> None:
        """Renew the claim by this mark; it tells for how long a look permits this deployment's processes to write."""
        told: dict[str, object] = {"deployment": row.identity, "at": mark["at"], "seconds": look_seconds}
        told |= {"rests": True} if mark.get("rests") else {}
        self._put(mark_key(row.token, mark["name"]), told)

    def delete_marks(self, row: Deployment, names: Iterable[str]) -> None:
        """Delete what a newer mark has replaced."""
        for name in names:
            self._store.delete(mark_key(row.token, name))

    def read_clock(self) -> datetime:
        """The present moment by the store's clock, which has dated the marks, and not by this machine's."""
        key = f"{PREFIX}moments/{secrets.token_hex(16)}"
        self._put(key, {})
        there = next(self._store.list(key), None)
        self._store.delete(key)
        return there.modified_at if there else now()

    def read_marks(self, listed: BucketListing) -> Iterator[dict[str, Any]]:
        """What the marks of the owner tell; one that is being renewed tells nothing."""
        for name in listed.marks_of(listed.newest):
            with suppress(ObjectMissing):  # renewed meanwhile: by the same processes
                yield json.loads(self._store.read(mark_key(listed.tokens[-1][0], name)))

    def longest_look_seconds(self, listed: BucketListing) -> float:
        """How long a look permits the owner's processes to write, as its marks tell; 0 where there is none."""
        return max([0.0, *(float(told.get("seconds", USUAL_SECONDS)) for told in self.read_marks(listed))])

    def _put(self, key: str, told: dict[str, object]) -> None:
        body = json.dumps(told, sort_keys=True).encode()
        self._store.put(key, body, sha256=hashlib.sha256(body).hexdigest())


@contextmanager
def keep_claim() -> Iterator[None]:
    """Have the database hold the same claim to the bucket after the block, which may fill or remake its tables."""
    row = read_row()
    try:
        yield
    finally:
        with transaction() as session:
            session.execute(delete(Deployment))
            if row is not None:
                make_transient(row)
                session.add(row)


def read_moment(session: Session) -> datetime:
    """The present moment by the database's clock, on which all our machines agree."""
    return session.scalars(select(from_now())).one()


def make_mark(moment: datetime, used_at: datetime | None) -> Mark:
    """A new mark; somebody writes now where no last use is given, and a use long ago makes it the last one."""
    mark = {"name": secrets.token_hex(16), "at": moment.isoformat(), "used_at": (used_at or moment).isoformat()}
    return mark | ({"rests": True} if used_at and moment - used_at >= RESTS_AFTER else {})


def find_use(marks: Sequence[Mark]) -> datetime | None:
    """When somebody last looked in order to write, as the newest mark tells; None where there is none."""
    return datetime.fromisoformat(marks[0].get("used_at") or marks[0]["at"]) if marks else None


def needs_renewal_at(last_run: ColumnElement[datetime]) -> Sequence[ColumnElement[datetime]]:
    """When the mark is to be renewed next, in SQL; NULL while the newest one says that nobody writes."""
    rests = Deployment.marks[(0, "rests")].as_boolean().is_(True)
    resting = select(Deployment.id).where(Deployment.state == OWNER, rests).exists()
    return [case((resting, null()), else_=later(last_run, RENEWED_EVERY))]


def state_of(row: Deployment | None) -> str | None:
    return row.state if row else None


def token_of(row: Deployment) -> Token:
    return row.token, row.claim


def token_key(token: Token) -> str:
    return f"{PREFIX}{token[0]:010}-{token[1]}.json"


def mark_key(token: int, name: str) -> str:
    return f"{PREFIX}marks/{token:010}/{name}"


def find_row(session: Session, *, lock: bool = False) -> Deployment | None:
    query = select(Deployment)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def read_row() -> Deployment | None:
    with read_transaction() as session:
        return find_row(session)


def begin_claim(listed: BucketListing, state: str) -> Deployment:
    """Note in SQL what is about to be put into the bucket; a first claim that has begun goes on under its own name."""
    try:
        return _note_claim(listed.highest, state)
    except IntegrityError:  # another process has made the row at the same moment
        return _note_claim(listed.highest, state)


def _note_claim(highest: int, state: str) -> Deployment:
    with transaction() as session:
        row = find_row(session, lock=True)
        if row is not None and row.state == CLAIMING == state:
            return row
        if row is None:
            row = Deployment(identity=secrets.token_hex(16), token=0)
            session.add(row)
        row.token = max(highest, row.token) + 1
        row.claim, row.state, row.claimed_at, row.marks = secrets.token_hex(8), state, now(), []
        return row
