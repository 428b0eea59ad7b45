"""The forms of links; those of strangers first. Field names are promised to programs that fill them in."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from framework.accounts.core import validation
from framework.formatting import MIB
from framework.links.drop.handing_in import sender_name
from framework.links.rules import InvalidDeadline, WantedDropOff, drop_folder, drop_types, link_title, time_zone
from framework.uploads.operations import FileOutcome, FilesRefused
from framework.web.forms import PageForm, follows, require_filled, strip

LIFETIMES = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "One year", "": "Never"}
CONTINENTS = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
MOMENT = "%Y-%m-%dT%H:%M"


class HandInForm(PageForm):
    """Who hands in, beside the files, which are received as a stream; `uploads` names resumable ones."""

    name = StringField("Your name", filters=[strip], validators=[follows(sender_name)])
    email = StringField("Your e-mail", filters=[strip], validators=[follows(validation.email)])
    uploads = HiddenField()

    @property
    def outcomes(self) -> tuple[FileOutcome, ...]:
        """What happened to each file, when the hand-in was refused because of some of them."""
        return tuple(self.refusal.outcomes) if isinstance(self.refusal, FilesRefused) else ()


class ReplacementForm(HandInForm):
    """The same for what replaces a hand-in: the address stays the one that its receipt went to."""

    email = None


def list_time_zones() -> list[str]:
    """The time zones that have the name of a place, and UTC."""
    return sorted(name for name in available_timezones() if name == "UTC" or name.split("/")[0] in CONTINENTS)


def moment_in(text: str, zone: str) -> datetime:
    """The moment that a date and time field names in this time zone.

    Raises:
        InvalidDeadline: it names none.
    """
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except ValueError as error:
        raise InvalidDeadline("Write the deadline as a date and a time, such as 2026-12-04T23:59.") from error


class DropOffForm(PageForm):
    """A new drop-off link; sizes are in MiB."""

    title = StringField("Title", filters=[strip], validators=[require_filled("Enter a title."), follows(link_title)])
    text = TextAreaField("What to hand in", filters=[strip])
    folder = StringField("Folder", filters=[strip], validators=[follows(drop_folder)])
    deadline = StringField("Deadline", filters=[strip])
    time_zone = StringField("Time zone", filters=[strip], default="UTC", validators=[follows(time_zone)])
    types = StringField("Accepted file types", filters=[strip], validators=[follows(drop_types)])
    file_size = IntegerField("Largest file, in MiB", validators=[Optional(), NumberRange(min=1, max=1 << 20)])
    total_size = IntegerField(
        "Most that may come in by this link, in MiB", default=2048, validators=[NumberRange(min=1, max=1 << 20)]
    )

    def wanted(self) -> WantedDropOff:
        """What the form asks for.

        Raises:
            InvalidDeadline.
        """
        return WantedDropOff(
            title=self.title.data or "",
            text=self.text.data or "",
            folder=self.folder.data or "",
            deadline=moment_in(self.deadline.data, self.time_zone.data) if self.deadline.data else None,
            time_zone=self.time_zone.data or "UTC",
            types=self.types.data or "",
            max_file_bytes=self.file_size.data * MIB if self.file_size.data else None,
            max_total_bytes=(self.total_size.data or 1) * MIB,
        )


class ViewLinkForm(PageForm):
    """A new link to look at the project."""

    title = StringField("Name", id="view-title", filters=[strip], validators=[follows(link_title)])
    days = SelectField("Expires after", choices=LIFETIMES, default="30")
    anonymous = BooleanField("Hide who works on it, for blind review")


class ExtensionForm(PageForm):
    """More time for one person, known by the address that they hand in with."""

    email = StringField("E-mail", filters=[strip], validators=[follows(validation.email)])
    deadline = StringField("New deadline", filters=[strip], validators=[require_filled("Enter the new deadline.")])
