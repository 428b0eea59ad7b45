"""The forms of groups; field names are promised to programs that fill them in."""

from collections.abc import Sequence

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField

from framework.projects.members.people import Refused
from framework.web.forms import PageForm, require_filled, strip

ROLE_CHOICES = {"participant": "Participant", "member": "Member", "owner": "Owner"}


class GroupForm(PageForm):
    """What a group is called in addresses, and on its page."""

    name = StringField("Name", filters=[strip], validators=[require_filled("Choose a name.")])
    title = StringField("Title", filters=[strip])


class GroupSettingsForm(GroupForm):
    """The same for a group that exists, and what its members may do in its projects."""

    member_role = RadioField("Members of the group", choices={"writer": "Writer", "reader": "Reader"})
    owners_need_factor = BooleanField("Owners need a second factor")


class GroupPeopleForm(PageForm):
    """People to add, by user name or e-mail, one or many, and the role of all of them."""

    person = TextAreaField("People", filters=[strip], validators=[require_filled("Enter a name or an address.")])
    role = SelectField("Role", choices=ROLE_CHOICES, default="member", validate_choice=False)

    def show_refused(self, refused: Sequence[Refused]) -> None:
        """Leave in the field who could not be added, and say why."""
        self.status = 400
        self.person.data = "\n".join(one.person for one in refused)
        self.person.errors = [f"{one.person}: {one.refusal.sentence}" for one in refused]


class DeleteGroupForm(PageForm):
    """The group's name, once more."""

    confirmation = StringField("Group name", filters=[strip], validators=[require_filled("Type the group's name.")])
