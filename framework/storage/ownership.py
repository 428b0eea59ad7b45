"""One bucket, one database: a lease on the bucket that every write to it needs; see DESIGN.md.

NotOwner (Unavailable)
├── OwnedByAnother    the bucket's newest token is not this database's
├── WrittenByACopy    the token is, and somebody else renews it: a copy of this database is at work
├── BucketInUse       nobody owns the bucket, and it holds projects that this database has never seen
├── OwnerMissing      this database owned a bucket, and it is not this one
└── TakeOverUnderWay  the token was just taken from another deployment, which may not have noticed yet
StillOwned (Conflict) the bucket's owner is alive, and nobody said that it is to be replaced
"""

import hashlib
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient

from framework.database.session import read_transaction, transaction
from framework.database.types import from_now, now
from framework.errors import Conflict, Unavailable
from framework.storage.contract import ObjectMissing, ObjectStore, StoredObject
from framework.storage.models import CLAIMING, OWNER, WAITING, Deployment

PREFIX = "deployment/"
KEPT = timedelta(hours=1)
"""How long SQL knows a mark as ours that is not in the bucket: another process may just be writing it."""
USUAL_SECONDS = 60.0
LOOKS = 6
"""How often the bucket may have to be listed for one look: a claim, its settlement and a renewal each want another."""

_TOKEN = re.compile(r"deployment/(\d{10})-([0-9a-f]{16})\.json")
_MARK = re.compile(r"deployment/marks/(\d{10})/([0-9a-f]{32})")

log = logging.getLogger(__name__)


class NotOwner(Unavailable):
    """This database may not write to the bucket; `reason` tells the operator why, and which command helps."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Nothing can be changed at the moment: the object store of this server is in use by another one. "
            "Everything can still be read; the operator has to look at it."
        )
        self.reason = reason


class OwnedByAnother(NotOwner):
    """The bucket's newest token is not this database's."""


class WrittenByACopy(NotOwner):
    """A mark in the bucket was written by nobody who uses this database."""


class BucketInUse(NotOwner):
    """Nobody owns the bucket, and it holds projects that this database has never seen."""


class OwnerMissing(NotOwner):
    """This database owned a bucket, and the one that is configured has never had an owner."""


class TakeOverUnderWay(NotOwner):
    """The bucket is being taken over, and its former owner may not have noticed yet."""


class StillOwned(Conflict):
    """The bucket's owner has shown that it is alive."""

    def __init__(self) -> None:
        super().__init__(
            "The bucket belongs to another deployment, which is at work: it has just renewed its mark. Nothing was "
            "changed. To see what this command would do, add --dry-run, which writes nothing. To replace the other "
            "deployment, which then refuses to write, add --take-over."
        )


Token = tuple[int, str]
"""The number of a claim to the bucket, which grows with each take-over, and the random part of its name."""


@dataclass(frozen=True)
class _Listed:
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


class Ownership:
    """A process's lease on one bucket.

    A look at the bucket gives permission to write for `look_seconds`, counted from before the look. It needs a mark
    that is younger than that, and writes one otherwise; so who finds no new mark for twice that time knows that nobody
    has permission, and who puts a newer token and waits as long knows that everybody has seen it.
    """

    def __init__(self, store: ObjectStore, look_seconds: float) -> None:
        self._store = store
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._looking: Future[None] | None = None
        self._permitted_until = -1.0
        self._alarmed_at = -float("inf")

    def require(self) -> None:
        """Return when this process may write now; looks at the bucket when its last look is too old.

        Called before a write it says that the write may begin; called after one it says that whoever takes the bucket
        over will find what was written.

        Raises:
            NotOwner, StoreUnavailable, StoreRefused.
        """
        for _ in range(LOOKS):
            if _clock() < self._permitted_until:
                return
            self._look_with_others()
        raise Unavailable("The object store answers too slowly at the moment; try again in a moment.")

    def look(self, *, renew: bool = False) -> None:
        """Look at the bucket now, whatever was seen before; a mark is written when the last one is old, or to `renew`.

        Raises:
            NotOwner, StoreUnavailable, StoreRefused.
        """
        started = _clock()
        try:
            self._look(renew=renew)
        except NotOwner as refusal:
            self._permitted_until = -1.0
            self._raise_alarm(refusal)
            raise
        self._permitted_until = started + self._look_seconds

    def forget(self) -> None:
        """Look again before the next write, as a process that has just begun."""
        self._permitted_until = -1.0

    def take_over(self, *, force: bool, tell: Callable[[str], None] = lambda _sentence: None) -> bool:
        """Make this database the bucket's owner; whether another one was. `tell` hears what is waited for.

        Without `force` only a bucket that nobody owns, or whose owner has been silent for long enough.

        Raises:
            StillOwned: the owner is alive. StoreUnavailable, StoreRefused.
        """
        listed, row = self._list(), _read_row()
        if self._is_ours(listed, row):
            self.look()
            return False
        before, seconds = listed.newest, self._permitted_seconds(listed)
        if row is None or row.state != WAITING or before != _token(row):
            silent = self._is_silent(listed) or (
                before is not None and not force and self._wait_for_silence(listed, tell)
            )
            row = _begin_claim(listed, CLAIMING if silent and before is None else WAITING)
            self._put_token(row)
            silent = silent and self._list().marks_of(before) == listed.marks_of(before)
        else:  # a take-over that was interrupted while it waited
            silent = False
        if not silent:
            self._wait_until_noticed(seconds, tell)
        self._settle(row)
        self.look()
        return before is not None

    def _look_with_others(self) -> None:
        """Have one thread look, and the others wait for what it finds."""
        with self._lock:
            looking, mine = self._looking, self._looking is None
            if looking is None:
                looking = self._looking = Future()
        if mine:
            try:
                self.look()
                looking.set_result(None)
            except Exception as failure:
                looking.set_exception(failure)
            except BaseException:  # this thread is told to end, the others are not
                looking.set_exception(Unavailable("The look at the bucket was broken off; try again in a moment."))
                raise
            finally:
                with self._lock:
                    self._looking = None
        looking.result()

    def _look(self, *, renew: bool) -> None:
        for _ in range(LOOKS):
            before = _read_row()
            listed = self._list()
            row = _read_row()
            if listed.newest is None and _state(row) != _state(before):
                continue  # another process of ours has claimed the bucket after it was listed
            if listed.newest is None:
                self._claim(listed, row)
            elif row is not None and row.state == CLAIMING and listed.newest == _token(row):
                self._settle(row)
            else:
                owner = self._judge(listed, row)
                if self._is_fresh(listed, owner) and not renew:
                    return
                self._renew(owner, listed)
                renew = False
        raise Unavailable("Too many processes look after the bucket at once; try again in a moment.")

    def _list(self) -> _Listed:
        """One request; what SQL says is read afterwards, so that it knows of everything that is listed."""
        stored = list(self._store.list(PREFIX))
        tokens = sorted((int(match[1]), match[2]) for entry in stored if (match := _TOKEN.fullmatch(entry.key)))
        marks = [(int(match[1]), entry) for entry in stored if (match := _MARK.fullmatch(entry.key))]
        return _Listed(tokens, marks)

    def _judge(self, listed: _Listed, row: Deployment | None) -> Deployment:
        """The row, when the bucket is this database's and nobody else renews its mark."""
        if row is None or listed.newest != _token(row) or listed.highest > row.token:
            raise OwnedByAnother(
                "The bucket belongs to another deployment"
                + (", which took it over." if row is not None else ", and this database has never written to it.")
                + " If it is to be this one's, stop the other one and run `flask storage resume --take-over` (with an "
                "empty database: `flask storage rebuild --take-over`); if not, set S3_BUCKET to another bucket."
            )
        if row.state != OWNER:
            raise TakeOverUnderWay(
                "The bucket is being taken over from another deployment. If the command that does it was interrupted, "
                "repeat it."
            )
        if listed.marks_of(listed.newest).keys() - {mark["name"] for mark in row.marks}:
            raise WrittenByACopy(
                "Somebody else writes to the bucket with a copy of this database, or this database was restored from "
                "a backup. Stop the other one, if there is one, and run `flask storage resume --take-over` here."
            )
        return row

    def _is_ours(self, listed: _Listed, row: Deployment | None) -> bool:
        try:
            return listed.newest is not None and bool(self._judge(listed, row))
        except NotOwner:
            return False

    def _is_fresh(self, listed: _Listed, row: Deployment) -> bool:
        """Whether a mark of ours lies in the bucket that is young enough to stand for this look."""
        with read_transaction() as session:
            oldest = _moment(session) - timedelta(seconds=self._look_seconds / 2)
        there = listed.marks_of(_token(row))
        return any(mark["name"] in there and datetime.fromisoformat(mark["at"]) > oldest for mark in row.marks)

    def _renew(self, row: Deployment, listed: _Listed) -> None:
        """Write a new mark: its name in SQL first, so that no process of ours takes it for another's."""
        there = listed.marks_of(_token(row))
        with transaction() as session:
            locked = _row(session, lock=True)
            if locked is None or _token(locked) != _token(row):
                return
            moment = _moment(session)
            mark, forgotten = {"name": secrets.token_hex(16), "at": moment.isoformat()}, moment - KEPT
            kept = [
                old for old in locked.marks if old["name"] in there or datetime.fromisoformat(old["at"]) > forgotten
            ]
            locked.marks = [mark, *kept]
        told = {"deployment": row.identity, "at": mark["at"], "seconds": self._look_seconds}
        self._put(_mark_key(row.token, mark["name"]), told)
        for name in there:
            self._store.delete(_mark_key(row.token, name))

    def _claim(self, listed: _Listed, row: Deployment | None) -> None:
        """Become the owner of a bucket that has none: a new one, or one from before buckets had owners."""
        if row is None and self._holds_projects():
            raise BucketInUse(
                "The bucket holds projects, and this database knows none of them. Is S3_BUCKET right? To bring them "
                "back into this database, run `flask storage rebuild`."
            )
        if row is not None and row.state != CLAIMING:
            raise OwnerMissing(
                "The bucket has never been this deployment's, which has stored its projects elsewhere. Is S3_BUCKET "
                "right? If the objects were moved here, copy those below deployment/ as well, or run "
                "`flask storage resume --take-over`."
            )
        self._put_token(row or _begin_claim(listed, CLAIMING))

    def _holds_projects(self) -> bool:
        return next(self._store.list("repos/"), None) is not None

    def _put_token(self, row: Deployment) -> None:
        told: dict[str, object] = {"deployment": row.identity, "token": row.token, "at": row.claimed_at.isoformat()}
        self._put(_token_key(_token(row)), told)

    def _settle(self, row: Deployment) -> None:
        """Be the owner from now on, unless somebody has claimed the bucket at the same moment."""
        others = [token for token in self._list().tokens if token != _token(row) and token[0] >= row.token]
        found = _read_row()
        if found is not None and found.state == OWNER and _token(found) == _token(row):
            return  # another process of ours has settled it; whoever has claimed the bucket since is seen by a look
        if others:
            self._store.delete(_token_key(_token(row)))
            raise OwnedByAnother(
                "Another deployment claimed the bucket at the same moment. Stop one of the two, and run "
                "`flask storage resume --take-over` with the other one's database."
            )
        with transaction() as session:
            locked = _row(session, lock=True)
            if locked is not None and _token(locked) == _token(row):
                locked.state = OWNER

    def _is_silent(self, listed: _Listed) -> bool:
        """Whether nobody can have permission to write, by the moments that the store gives its objects.

        Where there are projects and no owner, somebody may have deleted its claim while it is at work.
        """
        marks = listed.marks_of(listed.newest)
        if listed.newest is None:
            return not self._holds_projects()
        if not marks:
            return False
        return self._moment_there() - max(marks.values()) > timedelta(seconds=3 * self._permitted_seconds(listed))

    def _moment_there(self) -> datetime:
        """The present moment by the store's clock, which has dated the marks, and not by this machine's."""
        key = f"{PREFIX}moments/{secrets.token_hex(16)}"
        self._put(key, {})
        there = next(self._store.list(key), None)
        self._store.delete(key)
        return there.modified_at if there else now()

    def _wait_for_silence(self, listed: _Listed, tell: Callable[[str], None]) -> bool:
        """Return when no mark was written for twice the time that a look permits to write."""
        seconds = self._permitted_seconds(listed)
        tell(
            f"The bucket belongs to another deployment. Watching for {2 * seconds:g} seconds whether it is at work; "
            "--take-over does not ask."
        )
        before = listed.marks_of(listed.newest)
        for _ in _every(self._look_seconds / 12, 2 * seconds):
            if (found := self._list()).newest != listed.newest or found.marks_of(found.newest) != before:
                raise StillOwned
        return True

    def _permitted_seconds(self, listed: _Listed) -> float:
        """How long a look permits this deployment's processes to write, and those of the owner, as its marks tell."""
        seconds = [self._look_seconds]
        for name in listed.marks_of(listed.newest):
            with suppress(ObjectMissing):  # renewed meanwhile: by the same processes
                told = json.loads(self._store.read(_mark_key(listed.tokens[-1][0], name)))
                seconds.append(float(told.get("seconds", USUAL_SECONDS)))
        return max(seconds)

    def _wait_until_noticed(self, seconds: float, tell: Callable[[str], None]) -> None:
        """Return when every process of the former owner has looked since, or may not write any more."""
        tell(f"Waiting {2 * seconds:g} seconds, until every process of the former owner has noticed.")
        for _ in _every(self._look_seconds / 12, 2 * seconds):
            pass

    def _put(self, key: str, told: dict[str, object]) -> None:
        body = json.dumps(told, sort_keys=True).encode()
        self._store.put(key, body, sha256=hashlib.sha256(body).hexdigest())

    def _raise_alarm(self, refusal: NotOwner) -> None:
        """Once in the time that a look permits, however many writes are refused."""
        if _clock() - self._alarmed_at >= self._look_seconds:
            self._alarmed_at = _clock()
            log.critical("ALARM: nothing can be written to the bucket: %s", refusal.reason)


@contextmanager
def keep_claim() -> Iterator[None]:
    """Have the database hold the same claim to the bucket after the block, which may fill or remake its tables."""
    row = _read_row()
    try:
        yield
    finally:
        with transaction() as session:
            session.execute(delete(Deployment))
            if row is not None:
                make_transient(row)
                session.add(row)


def _clock() -> float:
    """Seconds that also pass while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def _every(seconds: float, in_all: float) -> Iterator[None]:
    end = _clock() + in_all
    while (left := end - _clock()) > 0:
        time.sleep(min(seconds, left))
        yield


def _moment(session: Session) -> datetime:
    """The present moment by the database's clock, on which all our machines agree."""
    return session.scalars(select(from_now())).one()


def _state(row: Deployment | None) -> str | None:
    return row.state if row else None


def _token(row: Deployment) -> Token:
    return row.token, row.claim


def _token_key(token: Token) -> str:
    return f"{PREFIX}{token[0]:010}-{token[1]}.json"


def _mark_key(token: int, name: str) -> str:
    return f"{PREFIX}marks/{token:010}/{name}"


def _row(session: Session, *, lock: bool = False) -> Deployment | None:
    query = select(Deployment)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def _read_row() -> Deployment | None:
    with read_transaction() as session:
        return _row(session)


def _begin_claim(listed: _Listed, state: str) -> Deployment:
    """Note in SQL what is about to be put into the bucket; a first claim that has begun goes on under its own name."""
    try:
        return _note_claim(listed.highest, state)
    except IntegrityError:  # another process has made the row at the same moment
        return _note_claim(listed.highest, state)


def _note_claim(highest: int, state: str) -> Deployment:
    with transaction() as session:
        row = _row(session, lock=True)
        if row is not None and row.state == CLAIMING == state:
            return row
        if row is None:
            row = Deployment(identity=secrets.token_hex(16), token=0)
            session.add(row)
        row.token = max(highest, row.token) + 1
        row.claim, row.state, row.claimed_at, row.marks = secrets.token_hex(8), state, now(), []
        return row
