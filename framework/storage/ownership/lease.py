"""One bucket, one database: a lease on the bucket that every write to it needs; see DESIGN.md."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Unavailable
from framework.storage.contract import ObjectStore
from framework.storage.models import CLAIMING, OWNER, WAITING, Deployment
from framework.storage.ownership.claims import (
    KEPT,
    BucketClaims,
    BucketListing,
    begin_claim,
    find_row,
    find_use,
    make_mark,
    read_moment,
    read_row,
    state_of,
    token_of,
)
from framework.storage.ownership.refusals import (
    BucketInUse,
    NotOwner,
    OwnedByAnother,
    OwnerMissing,
    TakeOverUnderWay,
    WrittenByACopy,
)
from framework.storage.ownership.silence import clock, is_silent, refuse_resting, wait_for_silence, wait_until_noticed

LOOKS = 6
"""How often the bucket may have to be listed for one look: a claim, its settlement and a renewal each want another."""

log = logging.getLogger(__name__)


class Ownership:
    """A process's lease on one bucket.

    A look at the bucket gives permission to write for `look_seconds`, counted from before the look. It needs a mark
    that is younger than that, and writes one otherwise; so who finds no new mark for twice that time knows that nobody
    has permission, and who puts a newer token and waits as long knows that everybody has seen it.
    """

    def __init__(self, store: ObjectStore, look_seconds: float) -> None:
        self._bucket = BucketClaims(store)
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._looking: Future[None] | None = None
        self._permitted_until = -1.0
        self._alarmed_at = -float("inf")
        self._seen_row: Deployment | None = None

    @property
    def needs_indexes(self) -> bool:
        """Whether a release may come back that looks for the index of every pack."""
        row = self._seen_row = self._seen_row or read_row()
        return row is not None and row.indexes_needed_until is not None and now() < row.indexes_needed_until

    def require(self) -> None:
        """Return when this process may write now; looks at the bucket when its last look is too old.

        Called before a write it says that the write may begin; called after one it says that whoever takes the bucket
        over will find what was written.

        Raises:
            NotOwner, StoreUnavailable, StoreRefused.
        """
        for _ in range(LOOKS):
            if clock() < self._permitted_until:
                return
            self._look_with_others()
        raise Unavailable("The object store answers too slowly at the moment; try again in a moment.")

    def look(self, *, renew: bool = False) -> None:
        """Look at the bucket now, whatever was seen before; a mark is written when the last one is old, or to `renew`.

        Raises:
            NotOwner, StoreUnavailable, StoreRefused.
        """
        started = clock()
        try:
            self._look(renew=renew)
        except NotOwner as refusal:
            self._permitted_until = -1.0
            self._raise_alarm(refusal)
            raise
        self._permitted_until = started + self._look_seconds

    def renew_unless_resting(self) -> None:
        """Renew the mark while the bucket is used; a last one says that nobody has written for `RESTS_AFTER`.

        From then on nothing is asked of the bucket until somebody writes. Called every minute in one process.

        Raises:
            NotOwner, StoreUnavailable, StoreRefused.
        """
        row = read_row()
        if row is None or row.state != OWNER or not row.marks or not row.marks[0].get("rests"):
            self.look(renew=True)

    def forget(self) -> None:
        """Look again before the next write, as a process that has just begun."""
        self._permitted_until = -1.0

    def take_over(self, *, force: bool, tell: Callable[[str], None] = lambda _sentence: None) -> bool:
        """Make this database the bucket's owner; whether another one was. `tell` hears what is waited for.

        Without `force` only a bucket that nobody owns, or whose owner has been silent for long enough.

        Raises:
            StillOwned: the owner is alive. OwnerAtRest: it may be. StoreUnavailable, StoreRefused.
        """
        listed, row = self._bucket.list(), read_row()
        if self._is_ours(listed, row):
            self.look()
            return False
        before, seconds = listed.newest, max(self._look_seconds, self._bucket.longest_look_seconds(listed))
        if row is None or row.state != WAITING or before != token_of(row):
            if not force:
                refuse_resting(self._bucket, listed)
            silent = is_silent(self._bucket, listed, self._look_seconds) or (
                before is not None and not force and wait_for_silence(self._bucket, listed, self._look_seconds, tell)
            )
            row = begin_claim(listed, CLAIMING if silent and before is None else WAITING)
            self._bucket.put_token(row)
            silent = silent and self._bucket.list().marks_of(before) == listed.marks_of(before)
        else:  # a take-over that was interrupted while it waited
            silent = False
        if not silent:
            wait_until_noticed(seconds, tell)
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
        used = not renew  # who looks in order to write does not renew what is fresh
        for _ in range(LOOKS):
            before = read_row()
            listed = self._bucket.list()
            row = read_row()
            if listed.newest is None and state_of(row) != state_of(before):
                continue  # another process of ours has claimed the bucket after it was listed
            if listed.newest is None:
                self._claim(listed, row)
            elif row is not None and row.state == CLAIMING and listed.newest == token_of(row):
                self._settle(row)
            else:
                owner = self._judge(listed, row)
                self._seen_row = owner
                if self._is_fresh(listed, owner) and not renew:
                    return
                self._renew(owner, listed, used=used)
                renew = False
        raise Unavailable("Too many processes look after the bucket at once; try again in a moment.")

    def _judge(self, listed: BucketListing, row: Deployment | None) -> Deployment:
        """The row, when the bucket is this database's and nobody else renews its mark."""
        if row is None or listed.newest != token_of(row) or listed.highest > row.token:
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

    def _is_ours(self, listed: BucketListing, row: Deployment | None) -> bool:
        try:
            return listed.newest is not None and bool(self._judge(listed, row))
        except NotOwner:
            return False

    def _is_fresh(self, listed: BucketListing, row: Deployment) -> bool:
        """Whether a mark of ours lies in the bucket that is young enough to stand for this look."""
        with read_transaction() as session:
            oldest = read_moment(session) - timedelta(seconds=self._look_seconds / 2)
        there = listed.marks_of(token_of(row))
        return any(mark["name"] in there and datetime.fromisoformat(mark["at"]) > oldest for mark in row.marks)

    def _renew(self, row: Deployment, listed: BucketListing, *, used: bool) -> None:
        """Write a new mark: its name in SQL first, so that no process of ours takes it for another's."""
        there = listed.marks_of(token_of(row))
        with transaction() as session:
            locked = find_row(session, lock=True)
            if locked is None or token_of(locked) != token_of(row):
                return
            moment = read_moment(session)
            mark, forgotten = make_mark(moment, None if used else find_use(locked.marks)), moment - KEPT
            kept = [
                old for old in locked.marks if old["name"] in there or datetime.fromisoformat(old["at"]) > forgotten
            ]
            locked.marks = [mark, *kept]
        self._bucket.put_mark(row, mark, self._look_seconds)
        self._bucket.delete_marks(row, there)

    def _claim(self, listed: BucketListing, row: Deployment | None) -> None:
        """Become the owner of a bucket that has none: a new one, or one from before buckets had owners."""
        if row is None and self._bucket.holds_projects():
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
        self._bucket.put_token(row or begin_claim(listed, CLAIMING))

    def _settle(self, row: Deployment) -> None:
        """Be the owner from now on, unless somebody has claimed the bucket at the same moment."""
        others = [token for token in self._bucket.list().tokens if token != token_of(row) and token[0] >= row.token]
        found = read_row()
        if found is not None and found.state == OWNER and token_of(found) == token_of(row):
            return  # another process of ours has settled it; whoever has claimed the bucket since is seen by a look
        if others:
            self._bucket.delete_token(row)
            raise OwnedByAnother(
                "Another deployment claimed the bucket at the same moment. Stop one of the two, and run "
                "`flask storage resume --take-over` with the other one's database."
            )
        with transaction() as session:
            locked = find_row(session, lock=True)
            if locked is not None and token_of(locked) == token_of(row):
                locked.state = OWNER

    def _raise_alarm(self, refusal: NotOwner) -> None:
        """Once in the time that a look permits, however many writes are refused."""
        if clock() - self._alarmed_at >= self._look_seconds:
            self._alarmed_at = clock()
            log.critical("ALARM: nothing can be written to the bucket: %s", refusal.reason)
