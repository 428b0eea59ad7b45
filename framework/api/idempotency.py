"""`Idempotency-Key`: a creating request that is sent again is answered again, and done once.

The answer is recorded in the transaction that makes the change true, so whoever dies afterwards leaves both or neither.
A refusal creates nothing and frees its key. Who dies at work leaves a claim, which lapses after `LEASE`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.api.models import IdempotencyKey
from framework.celery.heartbeat import keep_renewing
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import from_now
from framework.errors import Conflict, Invalid
from framework.repositories import object_keys

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
LEASE = timedelta(seconds=30)
RENEWED_EVERY_SECONDS = 10
REMEMBERED = timedelta(days=1)


class BadKey(Invalid):
    """The key is not one to 255 visible characters of ASCII."""

    def __init__(self) -> None:
        super().__init__(f"An {HEADER} has 1 to {LONGEST_KEY} visible ASCII characters; a UUID is a good one.")


class KeyReused(Invalid):
    """The key was sent with another request before."""

    status = 422

    def __init__(self) -> None:
        super().__init__(f"This {HEADER} was sent with another request; make a new key for each request.")


class KeyRunning(Conflict):
    """The first request with this key has no answer yet."""

    def __init__(self) -> None:
        super().__init__(f"The first request with this {HEADER} is still running; send it again in a moment.")

    @property
    def headers(self) -> dict[str, str]:
        """When to send it again."""
        return {"Retry-After": "2"}


@dataclass(frozen=True)
class Created:
    """The answer of a creating request, so that it can be given again: status, address, and the JSON body."""

    status: int
    location: str
    body: str

    def response(self) -> Response:
        """The answer."""
        return Response(self.body, self.status, {"Location": self.location}, content_type="application/json")


Keep = Callable[[Session, Created], None]
"""Records the answer, inside the transaction that creates."""


def create_once(
    account: Account, body_sha256: str, create: Callable[[Keep], Created], *, again: Callable[[], None] | None = None
) -> Created:
    """What `create` makes, or its first answer when this request came before; `again` runs before that is given.

    Raises:
        BadKey, KeyReused, KeyRunning. What `create` and `again` raise.
    """
    if HEADER not in request.headers:
        return create(_keep_nothing)
    claim = _Claim(account.id, _check_key(request.headers[HEADER]), _request_sha256(body_sha256))
    created = claim.take()
    if created is None:
        return claim.run(create)
    if again:
        again()
    return created


def is_repeated(account: Account) -> bool:
    """Whether a request with this key came before, so that its first answer may be all that is asked for."""
    mine = (IdempotencyKey.account_id == account.id, IdempotencyKey.key == request.headers.get(HEADER, ""))
    with read_transaction() as session:
        return session.scalar(select(IdempotencyKey.key).where(*mine)) is not None


def forget_expired() -> int:
    """Delete the keys that are older than a day; how many."""
    with transaction() as session:
        expired = delete(IdempotencyKey).where(IdempotencyKey.created_at < from_now(-REMEMBERED))
        return len(session.scalars(expired.returning(IdempotencyKey.key)).all())


class _Claim:
    """One attempt at the request of one key."""

    def __init__(self, account_id: int, key: str, request_sha256: str) -> None:
        self._account_id, self._key, self._request_sha256 = account_id, key, request_sha256
        self._holder = object_keys.new_id()

    def take(self) -> Created | None:
        """The answer when there is one; None when this attempt has to find it.

        Raises:
            KeyReused, KeyRunning.
        """
        with transaction() as session:
            session.execute(delete(IdempotencyKey).where(self._is_this, _has_lapsed()))
            insert_if_absent(
                session,
                IdempotencyKey,
                account_id=self._account_id,
                key=self._key,
                request_sha256=self._request_sha256,
                holder=self._holder,
                running_until=from_now(LEASE),
                created_at=from_now(),
            )
            row = session.get(IdempotencyKey, (self._account_id, self._key))
        if row is None:  # whoever held it has just freed it
            raise KeyRunning
        if row.request_sha256 != self._request_sha256:
            raise KeyReused
        if row.status is not None:
            return Created(row.status, row.location or "", row.body or "")
        if row.holder != self._holder:
            raise KeyRunning
        return None

    def run(self, create: Callable[[Keep], Created]) -> Created:
        """Create, record, and free the key when nothing was created."""
        created = None
        try:
            with keep_renewing(self._renew, every_seconds=RENEWED_EVERY_SECONDS):
                created = create(self._keep)
        finally:
            if created is None:
                self._free()
        with transaction() as session:  # of a request that found everything done, and had no transaction
            session.execute(update(IdempotencyKey).where(self._is_ours).values(_answer(created)))
        return created

    @property
    def _is_this(self) -> ColumnElement[bool]:
        return and_(IdempotencyKey.account_id == self._account_id, IdempotencyKey.key == self._key)

    @property
    def _is_ours(self) -> ColumnElement[bool]:
        return and_(self._is_this, IdempotencyKey.holder == self._holder, IdempotencyKey.status.is_(None))

    def _keep(self, session: Session, created: Created) -> None:
        """Record the answer; who took longer than the lease, and was taken over, creates nothing."""
        recorded = update(IdempotencyKey).where(self._is_ours).values(_answer(created))
        if not session.scalars(recorded.returning(IdempotencyKey.key)).all():
            raise KeyRunning

    def _renew(self) -> None:
        with transaction() as session:
            session.execute(update(IdempotencyKey).where(self._is_ours).values(running_until=from_now(LEASE)))

    def _free(self) -> None:
        with transaction() as session:
            session.execute(delete(IdempotencyKey).where(self._is_ours))


def _keep_nothing(_session: Session, _created: Created) -> None:
    """Without a key nobody asks again."""


def _answer(created: Created) -> dict[str, object]:
    return {"status": created.status, "location": created.location, "body": created.body}


def _has_lapsed() -> ColumnElement[bool]:
    abandoned = and_(IdempotencyKey.status.is_(None), IdempotencyKey.running_until < from_now())
    return or_(IdempotencyKey.created_at < from_now(-REMEMBERED), abandoned)


def _check_key(key: str) -> str:
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise BadKey
    return key


def _request_sha256(body_sha256: str) -> str:
    asked = f"{request.method} {request.path}\n{body_sha256}"
    return hashlib.sha256(asked.encode(errors="replace")).hexdigest()
