"""The form of an import: a new project, and where its content comes from."""

from wtforms import StringField

from framework.import_export.imports import NewProject
from framework.projects.views.forms import NewProjectForm
from framework.web.forms import strip


class ImportForm(NewProjectForm):
    """A new project with an address; a ZIP file is received as a stream, beside the form."""

    address = StringField("Address of a git repository", filters=[strip])

    def project(self) -> NewProject:
        """The project to be made."""
        return NewProject(self.name.data, self.description.data, self.visibility.data)
