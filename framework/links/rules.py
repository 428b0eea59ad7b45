"""What links, and what is to be handed in by them, have to look like; each rule gives back what to keep."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from framework.accounts.core import validation
from framework.database.types import now
from framework.errors import Invalid
from framework.gitcore.path_policy import BadPath, check_path
from framework.links.models import DropOff

TITLE_LENGTH, TEXT_LENGTH, TYPES_LENGTH, FOLDER_LENGTH = 200, 4000, 500, 1000


class InvalidTitle(Invalid):
    """A link's title is too long or not visible."""

    field = "title"


class InvalidText(Invalid):
    """What is to be handed in is told at too great a length."""

    field = "text"


class InvalidDeadline(Invalid):
    """A deadline that is no moment, or has passed."""

    field = "deadline"


class InvalidTypes(Invalid):
    """A type of files that is no ending of a name."""

    field = "types"


class InvalidTimeZone(Invalid):
    """A name that no time zone has."""

    field = "time_zone"


class InvalidFolder(Invalid):
    """A folder that no version can have."""

    field = "folder"


@dataclass(frozen=True)
class WantedDropOff:
    """A drop-off link to be made; sizes in bytes, `types` are endings between blanks or commas."""

    title: str
    folder: str
    text: str = ""
    deadline: datetime | None = None
    time_zone: str = "UTC"
    types: str = ""
    max_file_bytes: int | None = None
    max_total_bytes: int = 2 << 30
    expires_at: datetime | None = None


@dataclass(frozen=True)
class DropOffChanges:
    """What is to be other about a drop-off link; None leaves it as it is, and `endless` takes its deadline away."""

    closed: bool | None = None
    deadline: datetime | None = None
    endless: bool = False
    time_zone: str | None = None


def link_title(text: str) -> str:
    """A link's title: one line of at most 200 characters, possibly empty.

    Raises:
        InvalidTitle.
    """
    if len(text) > TITLE_LENGTH or not validation.printable(text):
        raise InvalidTitle(f"A title is one line of at most {TITLE_LENGTH} characters.")
    return text.strip()


def drop_types(text: str) -> str:
    """Endings of names, as `.pdf .ipynb`, from what somebody typed: with commas, without dots, in capitals.

    Raises:
        InvalidTypes: one of them is no ending of a name.
    """
    words = list(dict.fromkeys(f".{word.lstrip('*').lstrip('.').lower()}" for word in text.replace(",", " ").split()))
    kept = " ".join(words)
    if len(kept) > TYPES_LENGTH or not all(word[1:].replace(".", "").isalnum() for word in words):
        raise InvalidTypes("Write endings of file names between blanks, such as .pdf .ipynb")
    return kept


def drop_folder(text: str) -> str:
    """The path of a folder, without slashes at its ends; empty for the top folder.

    Raises:
        InvalidFolder: no version can have it.
    """
    folder = text.strip().strip("/")
    if len(folder) > FOLDER_LENGTH:
        raise InvalidFolder(f"A folder's path has {FOLDER_LENGTH:,} characters at most.")
    try:
        return check_path(folder) if folder else ""
    except BadPath as error:
        raise InvalidFolder(error.sentence) from error


def time_zone(text: str) -> str:
    """A time zone by its name in the IANA database, such as `Europe/Berlin`.

    Raises:
        InvalidTimeZone: there is none of this name.
    """
    if text not in available_timezones():
        raise InvalidTimeZone("Choose a time zone such as Europe/Berlin, or UTC.")
    return text


def deadline(moment: datetime) -> datetime:
    """A moment that is still to come.

    Raises:
        InvalidDeadline: it has passed.
    """
    if moment <= now():
        raise InvalidDeadline("This moment has passed. Choose a later one.")
    return moment


def check_drop_off(wanted: WantedDropOff) -> DropOff:
    """The row of a drop-off link as it is wanted, without its number.

    Raises:
        InvalidText, InvalidTypes, InvalidDeadline, InvalidTimeZone, InvalidFolder.
    """
    if len(wanted.text) > TEXT_LENGTH or not validation.encodable(wanted.text) or "\0" in wanted.text:
        raise InvalidText(f"The text has {TEXT_LENGTH:,} characters at most.")
    return DropOff(
        folder=drop_folder(wanted.folder),
        text=wanted.text,
        deadline=None if wanted.deadline is None else deadline(wanted.deadline),
        time_zone=time_zone(wanted.time_zone),
        types=drop_types(wanted.types),
        max_file_bytes=wanted.max_file_bytes,
        max_total_bytes=wanted.max_total_bytes,
        received_bytes=0,
    )
