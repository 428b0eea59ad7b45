"""The forms of projects; field names are promised to programs that fill them in."""

from wtforms import BooleanField, RadioField, SelectField, StringField

from framework.projects import rules
from framework.web.forms import PageForm, filled, follows, stripped

ROLE_CHOICES = {"reader": "Reader", "writer": "Writer", "owner": "Owner"}


class ProjectForm(PageForm):
    """What a project is called, what it is for and who may see it."""

    name = StringField("Name", filters=[stripped], validators=[filled("Choose a name.")])
    description = StringField("Description", filters=[stripped], validators=[follows(rules.description)])
    visibility = RadioField(
        "Who may see it",
        choices={"public": "Public", "private": "Private"},
        default="public",
        validate_choice=False,
        validators=[follows(rules.visibility)],
    )


class NewProjectForm(ProjectForm):
    """A project that does not exist yet."""

    name = StringField("Name", filters=[stripped], validators=[filled("Choose a name."), follows(rules.project_name)])


class PersonForm(PageForm):
    """Somebody to add, by user name or e-mail."""

    person = StringField(
        "User name or e-mail", filters=[stripped], validators=[filled("Enter a user name or an e-mail address.")]
    )
    role = SelectField(
        "Role", choices=ROLE_CHOICES, default="writer", validate_choice=False, validators=[follows(rules.role)]
    )


class BranchRuleForm(PageForm):
    """What branches of a name or pattern allow; unchecked boxes protect."""

    pattern = StringField(
        "Branch or pattern",
        filters=[stripped],
        validators=[filled("Enter a name or a pattern."), follows(rules.branch_pattern)],
    )
    force_push = BooleanField("Allow its history to be rewritten (force-push)")
    deletion = BooleanField("Allow it to be deleted")
