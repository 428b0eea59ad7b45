"""The forms of courses."""

from datetime import datetime
from typing import Any

from wtforms import RadioField, SelectField, StringField, TextAreaField

from framework.courses.assignments import AssignmentText, parse_deadline
from framework.links.forms import list_time_zones
from framework.projects.members.person_lists import split_people
from framework.web.forms import PageForm, require_filled, strip

WHO = {"everyone": "Every participant", "some": "Only some"}


class AssignmentForm(PageForm):
    """What an assignment is, when it is due, and for whom."""

    title = StringField("Title", filters=[strip], validators=[require_filled("Write a title.")])
    text = TextAreaField("What to do", filters=[strip])
    template = StringField("Template", filters=[strip])
    deadline = StringField("Deadline", filters=[strip], validators=[require_filled("Choose a day and a time.")])
    time_zone = SelectField("Time zone", choices=list_time_zones(), default="UTC", validate_choice=False)
    who = RadioField("Who takes part", choices=WHO, default="everyone")
    people = TextAreaField("User names or e-mail addresses", filters=[strip])

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.time_zone.data not in self.time_zone.choices:  # a program chose one without the name of a place
            self.time_zone.choices = [*self.time_zone.choices, self.time_zone.data]

    def told(self) -> AssignmentText:
        """What the teacher wrote.

        Raises:
            InvalidAssignment: of the deadline.
        """
        return AssignmentText(
            self.title.data,
            self.text.data.replace("\r\n", "\n"),
            parse_deadline(self.deadline.data, self.time_zone.data),
            self.time_zone.data,
            self.template.data,
            tuple(split_people(self.people.data)) if self.who.data == "some" else None,
        )


class RosterForm(PageForm):
    """A list of people, pasted or read from a file."""

    people = TextAreaField("Names and e-mail addresses")


class ExtensionForm(PageForm):
    """A deadline for one person, in the assignment's time zone."""

    until = StringField("New deadline", filters=[strip], validators=[require_filled("Choose a day and a time.")])

    def moment(self, time_zone: str) -> datetime:
        """The deadline.

        Raises:
            InvalidAssignment.
        """
        return parse_deadline(self.until.data, time_zone)


class FeedbackForm(PageForm):
    """What to add to the conversation."""

    text = TextAreaField("Message", validators=[require_filled("Write something.")])
