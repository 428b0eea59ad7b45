"""The form of an import: a new project, and where its content comes from."""

from wtforms import SelectField, StringField

from framework.import_export.imports import NewProject
from framework.projects.views.forms import NewProjectForm
from framework.web.forms import strip

_ENCODINGS = {
    "": "As they look", "utf-8": "UTF-8", "cp437": "DOS, English (cp437)", "cp850": "DOS, Western Europe (cp850)",
    "windows-1252": "Windows, Western Europe", "ibm866": "DOS, Cyrillic (cp866)", "windows-1251": "Windows, Cyrillic",
    "gb18030": "Chinese (GBK)", "big5": "Chinese (Big5)", "shift_jis": "Japanese (Shift JIS)",
    "euc-kr": "Korean (EUC-KR)",
}  # fmt: skip


class ImportForm(NewProjectForm):
    """A new project with an address; a ZIP file is received as a stream, beside the form."""

    address = StringField("Address of a git repository", filters=[strip])
    encoding = SelectField("Names in the ZIP file", choices=_ENCODINGS, default="")

    def project(self) -> NewProject:
        """The project to be made."""
        return NewProject(self.name.data, self.description.data, self.visibility.data, self.owner.data or "")
