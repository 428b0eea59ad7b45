"""The forms of projects; field names are promised to programs that fill them in."""

from collections.abc import Sequence

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField

from framework.accounts.signin.tokens import token_name
from framework.projects.core import validation
from framework.projects.members.people import Refused
from framework.web.forms import PageForm, follows, require_filled, strip

ALL_PROJECTS = {"": "All my projects"}
TOKEN_DAYS = {"30": "30 days", "90": "90 days", "365": "One year", "": "Never"}
ROLE_CHOICES = {"reader": "Reader", "writer": "Writer", "maintainer": "Maintainer", "owner": "Owner"}


class ProjectForm(PageForm):
    """What a project is called, what it is for and who may see it."""

    name = StringField("Name", filters=[strip], validators=[require_filled("Choose a name.")])
    description = StringField("Description", filters=[strip], validators=[follows(validation.description)])
    visibility = RadioField(
        "Who may see it",
        choices={"public": "Public", "private": "Private"},
        default="private",
        validate_choice=False,
        validators=[follows(validation.visibility)],
    )


class SettingsForm(ProjectForm):
    """The same for a project that exists, and its topics; `publish` is asked for where it is to become public."""

    topics = StringField("Topics", filters=[strip], validators=[follows(validation.topics)])
    publish = BooleanField("I want anyone to see all of this")


class EmbargoForm(PageForm):
    """The day on which a private project turns public, and that this is meant."""

    public_on = StringField("Day", filters=[strip], validators=[require_filled("Choose a day.")])
    publish = BooleanField("I want anyone to see all of this from that day on")


class NewProjectForm(ProjectForm):
    """A project that does not exist yet."""

    name = StringField(
        "Name", filters=[strip], validators=[require_filled("Choose a name."), follows(validation.project_name)]
    )
    owner = SelectField("Owner", choices=[], validate_choice=False)


class ConfirmationForm(PageForm):
    """The project's name, once more, before all of it, or what nothing leads to, is dropped for good."""

    confirmation = StringField("Project name", filters=[strip], validators=[require_filled("Type the project's name.")])


class ConfirmNameForm(PageForm):
    """One's own user name, before the account is deleted, or all of the trash."""

    confirmation = StringField("User name", filters=[strip], validators=[require_filled("Type your user name.")])


class OldVersionsForm(PageForm):
    """The file's name, once more, before its old versions go; `protected` lifts the rules against rewriting."""

    confirmation = StringField("File name", filters=[strip], validators=[require_filled("Type the file's name.")])
    protected = BooleanField("Rewrite these protected branches and tags, too, this once")


class PeopleForm(PageForm):
    """People to add, by user name or e-mail, one or many, and the role of all of them."""

    person = TextAreaField(
        "User names or e-mail addresses",
        filters=[strip],
        validators=[require_filled("Enter a user name or an e-mail address.")],
    )
    role = RadioField(
        "Role", choices=ROLE_CHOICES, default="reader", validate_choice=False, validators=[follows(validation.role)]
    )

    def show_refused(self, refused: Sequence[Refused]) -> None:
        """Keep those in the field who were not added, and say why beside it."""
        self.person.data = "\n".join(one.person for one in refused)
        self.person.errors = [f"{one.person}: {one.refusal.sentence}" for one in refused]
        self.status = refused[0].refusal.status


class TransferForm(PageForm):
    """The person or group that is to take a project over."""

    to = StringField("Person or group", filters=[strip], validators=[require_filled("Enter a user name or a group.")])


class BranchRuleForm(PageForm):
    """What branches or tags of a name or pattern allow; unchecked boxes protect."""

    kind = SelectField("For", choices={"branch": "Branches", "tag": "Tags"}, default="branch")
    pattern = StringField(
        "Name or pattern",
        filters=[strip],
        validators=[require_filled("Enter a name or a pattern."), follows(validation.branch_pattern)],
    )
    force_push = BooleanField("Allow its history to be rewritten, or a tag to be moved (force-push)")
    deletion = BooleanField("Allow it to be deleted")


MAY = {"read": "Read", "write": "Read and write", "admin": "Everything: settings, people and deletion, too"}


class TokenForm(PageForm):
    """A new access token; the choices of `project` are repository ids, which the page fills in."""

    name = StringField("Name", filters=[strip], validators=[follows(token_name)])
    scopes = SelectField("Permission", choices=MAY, default="write")
    project = SelectField("Access to", choices=ALL_PROJECTS, default="")
    days = SelectField("Expires after", choices=TOKEN_DAYS, default="90")
