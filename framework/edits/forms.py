"""The forms of changes without an upload: each says what the person looked at, and why they change it."""

from wtforms import HiddenField, StringField, TextAreaField

from framework.edits.editing import EditRequest, Target
from framework.repositories.write.operations import PathsChanged
from framework.web.forms import PageForm, strip


class ChangeForm(PageForm):
    """What every change has; `base` is the commit that the page showed, empty for a project without files."""

    base = HiddenField()
    message = TextAreaField("Message", filters=[strip])
    new_branch = StringField("New branch", filters=[strip])

    def edit_request(self, where: Target) -> EditRequest:
        """What the form asks for, besides the change itself."""
        return EditRequest(where.branch, self.base.data or None, self.message.data or "", self.new_branch.data or "")

    def branch_of(self, where: Target) -> str:
        """The branch that the change is on."""
        return self.new_branch.data or where.branch

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody else has changed the same since the page was opened."""
        return isinstance(self.refusal, PathsChanged)

    def look_again(self, where: Target) -> None:
        """Take the newest version for what the person looks at, since the page shows it to them now."""
        self.base.data = where.tip or ""


class NewFileForm(ChangeForm):
    """A new file."""

    path = StringField("Name", filters=[strip])
    content = TextAreaField("Text")


class EditForm(ChangeForm):
    """Another text, and another path perhaps; a path may begin or end with a space, so it is taken as it is."""

    path = StringField("Name")
    content = TextAreaField("Text")


class FolderForm(ChangeForm):
    """A new folder."""

    path = StringField("Name", filters=[strip])


class MoveForm(ChangeForm):
    """Another path."""

    path = StringField("New path")
