"""The forms of copies."""

from wtforms import RadioField

from framework.copies.operations import NewCopy
from framework.projects.views.forms import NewProjectForm

WHAT = {"copy": "All branches and tags", "branch": "The default branch only"}


class CopyForm(NewProjectForm):
    """A new project with another one's history; of a private one there is no choice of visibility."""

    what = RadioField("What to copy", choices=WHAT, default="copy")

    def new_copy(self) -> NewCopy:
        """What is to be made."""
        return NewCopy(self.name.data, self.description.data, _visibility(self), self.what.data, self.owner.data or "")


class FromTemplateForm(NewProjectForm):
    """A new project with a template's newest files."""

    def new_copy(self) -> NewCopy:
        """What is to be made."""
        return NewCopy(self.name.data, self.description.data, _visibility(self), "template", self.owner.data or "")


def _visibility(form: NewProjectForm) -> str:
    return str(form.visibility.data) if form.visibility else "private"
