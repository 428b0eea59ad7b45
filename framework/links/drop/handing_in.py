"""Handing in: somebody's files become one version in a folder of their own, with a receipt by mail."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core import validation
from framework.accounts.core.account import git_author
from framework.database.types import now
from framework.errors import Conflict, Invalid, TooLarge
from framework.files import sha256_of
from framework.gitcore.path_policy import BadPath, check_path
from framework.links.drop import receipts
from framework.links.drop.drop_offs import DropOffFull, NoRoomThere, OpenDropOff, admit
from framework.links.drop.receipts import HandedIn
from framework.links.models import DropOff, HandIn
from framework.projects.members.limits import FileOverPlan, QuotaExceeded, StoreFull
from framework.projects.models import Link
from framework.projects.visits import read_project
from framework.repositories import object_keys
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import exists
from framework.repositories.write.operations import Delete, Operation, PathsChanged, Written
from framework.uploads.changing import Changes, Contributor, store_contribution
from framework.uploads.operations import (
    FileOutcome,
    FilesRefused,
    FilesTooLarge,
    NoFiles,
    SentFile,
    list_tokens,
    put_file,
)

AUTHOR_DOMAIN = "hand-in.invalid"
"""Addresses below `.invalid` reach nobody (RFC 2606): whoever can read the project does not learn the sender's own."""
ACTOR = "drop-off"
NAME_LENGTH, FOLDER_LENGTH = 100, 80
MOST_FILES, MOST_TIMES = 2000, 100
FOLDER_TRIES = 200
LONGEST_PATH_BYTES = 500
ENTRY_BYTES = 200
"""What a file counts beside its content and its path, in bytes: an empty one is an entry in Git and SQL, too."""


class InvalidSenderName(Invalid):
    """Somebody did not say who they are, or not so that it can be shown."""

    field = "name"


class TooManyFiles(TooLarge):
    """More files than one hand-in may have."""

    def __init__(self, count: int) -> None:
        super().__init__(f"You chose {count:,} files; {MOST_FILES:,} can be handed in. Put them into one ZIP file.")


class TooOften(Conflict):
    """A hand-in was replaced as often as it may be."""

    def __init__(self) -> None:
        super().__init__(f"This was replaced {MOST_TIMES} times already. Ask whoever gave you the link.")


class FolderTaken(Conflict):
    """Somebody of the same name handed in at the same moment."""

    def __init__(self) -> None:
        super().__init__("Somebody handed in at the same moment. Send it again.")


@dataclass(frozen=True)
class Delivery:
    """What somebody sends: who they say they are, (name as sent, file) pairs, and when the sending began.

    `replaces` is what they handed in before, or their place that more time was given for.
    """

    name: str
    email: str
    files: Sequence[tuple[str, SentFile]]
    began_at: datetime
    replaces: HandedIn | None = None


def sender_name(text: str) -> str:
    """The name of somebody without an account: one line of 1 to 100 visible characters.

    Raises:
        InvalidSenderName: it is not.
    """
    if not text.strip() or len(text) > NAME_LENGTH or not validation.printable(text):
        raise InvalidSenderName(f"Enter your name, of at most {NAME_LENGTH} characters.")
    return text.strip()


def hand_in(drop_off: OpenDropOff, delivery: Delivery) -> HandedIn:
    """Store the files as one version, in place of what the same person handed in before; what was handed in.

    Raises:
        InvalidSenderName, InvalidEmail, NoFiles, TooManyFiles, FilesRefused, FilesTooLarge, DropOffClosed,
        DropOffFull, NoRoomThere, TooOften, DropOffAbsent: nothing is stored. What `store_contribution` raises but for
        its words about the owner's plan.
    """
    delivery = replace(delivery, name=sender_name(delivery.name), email=validation.email(delivery.email.strip()))
    _check_files(drop_off, delivery)
    for number in range(1, FOLDER_TRIES):
        try:
            return _Attempt(drop_off, delivery, number).store()
        except FolderTaken:
            continue
        except (QuotaExceeded, FileOverPlan, StoreFull) as error:
            raise NoRoomThere from error
    raise FolderTaken


def check_file(drop_off: OpenDropOff, name: str, size_bytes: int) -> str | None:
    """Why a file of this name and size cannot be handed in; None when it can."""
    try:
        check_path(name)
    except BadPath as refusal:
        return refusal.sentence
    if len(name.encode()) > LONGEST_PATH_BYTES:
        return f"“{name[:80]}…” is too long: a file's path may have {LONGEST_PATH_BYTES} bytes here."
    return drop_off.problem_of(name, size_bytes)


def _check_files(drop_off: OpenDropOff, delivery: Delivery) -> None:
    files = delivery.files
    if not files:
        raise NoFiles
    if len(files) > MOST_FILES:
        raise TooManyFiles(len(files))
    if delivery.replaces and delivery.replaces.times >= MOST_TIMES:
        raise TooOften
    counts = Counter(name for name, _file in files)
    outcomes = [FileOutcome(name, file.size_bytes, _problem(drop_off, name, file, counts)) for name, file in files]
    if any(outcome.size_bytes > drop_off.max_file_bytes for outcome in outcomes):
        raise FilesTooLarge(outcomes)
    if any(outcome.problem for outcome in outcomes):
        raise FilesRefused(outcomes)
    if _count_bytes(delivery) > drop_off.room_bytes:
        raise DropOffFull


def _count_bytes(delivery: Delivery) -> int:
    """What a delivery takes of what its link may bring."""
    return sum(file.size_bytes + len(name.encode()) + ENTRY_BYTES for name, file in delivery.files)


def _problem(drop_off: OpenDropOff, name: str, file: SentFile, counts: Counter[str]) -> str | None:
    if counts[name] > 1:
        return f"“{name}” was sent {counts[name]} times; keep one of them."
    return check_file(drop_off, name, file.size_bytes)


class _Attempt:
    """One try to store a delivery, in the folder of the person's name with this number."""

    def __init__(self, drop_off: OpenDropOff, delivery: Delivery, number: int) -> None:
        self._drop_off, self._delivery, self._before = drop_off, delivery, delivery.replaces
        self._key = self._before.key if self._before else object_keys.new_id()
        known = self._before.folder if self._before else None
        self._folder = known or folder_name(delivery.name, number)
        self._is_new = known is None
        self._manifest = [
            {"path": name, "size": file.size_bytes, "sha256": sha256_of(file.path)} for name, file in delivery.files
        ]
        self._row: HandIn | None = None
        self._stored: HandedIn | None = None

    @property
    def _path(self) -> str:
        folder = self._drop_off.folder
        return f"{folder}/{self._folder}" if folder else self._folder

    def store(self) -> HandedIn:
        """Store it; what was handed in.

        Raises:
            FolderTaken: the folder is somebody else's.
        """
        changes = read_project(self._drop_off.project, self._plan)
        by = Contributor(
            git_author(self._delivery.name, f"{self._key}@{AUTHOR_DOMAIN}", instead=self._folder),
            ACTOR,
            None,
            self._recheck,
        )
        try:
            written = store_contribution(self._drop_off.project, by, changes, in_transaction=self._record)
        except PathsChanged as error:
            if self._is_new:
                raise FolderTaken from error
            raise
        if not written.changed and self._before:
            return self._before
        assert self._stored
        return self._stored

    def _plan(self, copy: Copy) -> Changes:
        branch = self._drop_off.project.default_branch
        tip = copy.snapshot.find_branch(branch)
        if self._is_new and tip and exists(copy, tip, self._path):
            raise FolderTaken
        files = [(f"{self._path}/{name}", file) for name, file in self._delivery.files]
        puts: list[Operation] = [put_file(path, file) for path, file in files]
        sent = {name for name, _file in self._delivery.files}
        earlier = [str(file["path"]) for file in self._before.files] if self._before else []
        gone = [f"{self._path}/{name}" for name in earlier if name not in sent]
        deletions = [Delete(path) for path in gone if tip and exists(copy, tip, path)]
        verb = "Hand in" if self._is_new else "Replace"
        count = len(self._delivery.files)
        title = f"{verb} {count:,} file{'' if count == 1 else 's'} of {self._delivery.name}"
        return Changes(
            [*deletions, *puts],
            branch,
            title,
            free=self._path if self._is_new else None,
            kind="hand_in",
            details={"name": self._delivery.name},
            tokens=list_tokens(files),
        )

    def _recheck(self, session: Session) -> None:
        before = self._before
        self._row = admit(session, self._drop_off.id, before.id if before else None, self._delivery.began_at)
        row = session.get_one(DropOff, self._drop_off.id)
        row.received_bytes += _count_bytes(self._delivery)
        if row.received_bytes > row.max_total_bytes:
            raise DropOffFull

    def _record(self, session: Session, _written: Written) -> None:
        """Write the row of the hand-in, or write it anew, and send its receipt."""
        row = self._row or HandIn(link_id=self._drop_off.id, key=self._key, times=0)
        if row.folder is None:
            self._refuse_taken(session)
            row.folder, row.folder_key = self._folder, self._folder.casefold()
        row.name, row.email, row.files = self._delivery.name, self._delivery.email, self._manifest
        row.times += 1
        row.handed_in_at = now()
        session.add(row)
        session.flush()
        self._stored = HandedIn.of(row)
        receipts.mail_receipt(session, self._drop_off, self._stored)

    def _refuse_taken(self, session: Session) -> None:
        """The folder is nobody's by any link of the project into the same one, also when it is not in Git any more."""
        drop_off = self._drop_off
        query = select(HandIn.id).join(DropOff, DropOff.link_id == HandIn.link_id).join(Link, Link.id == HandIn.link_id)
        same = (Link.project_id == drop_off.project.id, DropOff.folder == drop_off.folder)
        if session.scalar(query.where(*same, HandIn.folder_key == self._folder.casefold()).limit(1)) is not None:
            raise FolderTaken


def folder_name(name: str, number: int) -> str:
    """A folder's name made of a person's, of letters, digits, blanks and hyphens; numbered from the second on."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(sign if sign.isalnum() or sign in " -'" or unicodedata.combining(sign) else " " for sign in plain)
    made = " ".join(kept.split())[:FOLDER_LENGTH].strip() or "Hand-in"
    try:
        check_path(made)
    except BadPath:
        made = "Hand-in"
    return made if number == 1 else f"{made} ({number})"
