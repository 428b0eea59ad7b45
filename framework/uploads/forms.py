"""The upload form, beside its files."""

from collections.abc import Sequence

from wtforms import StringField, TextAreaField

from framework.uploads.operations import FileOutcome, FilesRefused, Upload
from framework.uploads.receiving import ReceivedFile
from framework.web.forms import PageForm, stripped

DEFAULT_MESSAGE = "Upload files"


class UploadForm(PageForm):
    """Where the files go and what the version is called; the files themselves are received as a stream."""

    branch = StringField("Branch", filters=[stripped])
    path = StringField("Folder", filters=[stripped])
    message = TextAreaField("Message", filters=[stripped])

    def upload(self, files: Sequence[tuple[str, ReceivedFile]]) -> Upload:
        """What the form asks for, with these files."""
        return Upload(
            files=files,
            branch=self.branch.data or "",
            folder=self.path.data or "",
            message="" if self.message.data == DEFAULT_MESSAGE else self.message.data or "",
        )

    @property
    def outcomes(self) -> Sequence[FileOutcome]:
        """What happened to each file, when the upload was refused because of some of them."""
        return self.refusal.outcomes if isinstance(self.refusal, FilesRefused) else ()
