"""The forms of the administrators' pages."""

import re
from decimal import Decimal

from wtforms import EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from framework.accounts.core import plans, validation
from framework.accounts.core.plans import Plan
from framework.errors import Invalid
from framework.formatting import UNITS
from framework.web.forms import PageForm, follows, require_filled, strip

AUTOMATIC = ""
LONGEST_REASON = 1000
MOST_PROJECTS = 1_000_000
_NAMES = {name: name.capitalize() for name in plans.PLANS}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?(bytes?|B|[KMGT]i?B)?", re.IGNORECASE)
_FACTORS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class BadSize(Invalid):
    """What was typed is no size."""

    def __init__(self) -> None:
        super().__init__("Write a size such as 5 GiB or 500 MiB, or leave the field empty for no limit.")


class BadCount(Invalid):
    """What was typed is no number of projects."""

    def __init__(self) -> None:
        super().__init__("Write a whole number such as 20, or leave the field empty for no limit.")


def parse_size(text: str) -> int | None:
    """A size in bytes, as people write it; None for an empty text.

    Raises:
        BadSize.
    """
    if not text.strip():
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise BadSize
    size_bytes = int(Decimal(found[1]) * _FACTORS[(found[2] or "b")[0].lower()])
    if size_bytes >= plans.NO_LIMIT_BYTES:
        raise BadSize
    return size_bytes


def write_size(size_bytes: int | None) -> str:
    """The size in the largest unit in which it is a whole number, as `parse_size` reads it; empty for no limit."""
    if size_bytes is None:
        return ""
    for factor, unit in UNITS:
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor} {unit}"
    return f"{size_bytes} bytes"


def parse_count(text: str) -> int | None:
    """A number of projects; None for an empty text.

    Raises:
        BadCount.
    """
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdecimal()) or int(text) > MOST_PROJECTS:
        raise BadCount
    return int(text)


class PlanForm(PageForm):
    """What a plan allows; empty fields are no limit."""

    stored = StringField("Storage", filters=[strip], validators=[follows(parse_size)])
    private = StringField("Private projects", filters=[strip], validators=[follows(parse_count)])
    file = StringField("Size of a file", filters=[strip], validators=[follows(parse_size)])

    @classmethod
    def of(cls, plan: Plan) -> "PlanForm":
        """The form with what the plan allows."""
        count = "" if plan.private_projects is None else str(plan.private_projects)
        data = {"stored": write_size(plan.stored_bytes), "private": count, "file": write_size(plan.file_bytes)}
        return cls(formdata=None, data=data)

    def plan(self, name: str) -> Plan:
        """The plan of this name as the form has it."""
        return Plan(name, parse_size(self.stored.data), parse_count(self.private.data), parse_size(self.file.data))


class SuspendForm(PageForm):
    """Why somebody, or a group, is suspended; they, or its owners, read it in a mail."""

    reason = TextAreaField(
        "Reason",
        filters=[strip],
        validators=[require_filled("Say why: it is sent by mail."), Length(max=LONGEST_REASON)],
    )


class ResetFactorForm(PageForm):
    """Why somebody's second factor is removed; they read it in a mail."""

    reason = TextAreaField(
        "Reason",
        filters=[strip],
        validators=[require_filled("Say why: the person reads it in a mail."), Length(max=LONGEST_REASON)],
    )


class InviteForm(PageForm):
    """Whom to let sign up."""

    email = EmailField(
        "E-mail", filters=[strip], validators=[require_filled("Enter an e-mail address."), follows(validation.email)]
    )


class GivePlanForm(PageForm):
    """Which plan somebody is to have."""

    plan = SelectField("Plan", choices={AUTOMATIC: "By their address: free or student", **_NAMES})


class GiveGroupPlanForm(GivePlanForm):
    """Which plan a group is to have."""

    plan = SelectField("Plan", choices={AUTOMATIC: "None given: free", **_NAMES})
