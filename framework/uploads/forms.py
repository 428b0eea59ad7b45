"""The upload form, beside its files."""

import json
from collections.abc import Sequence

from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from framework.errors import Invalid
from framework.uploads.form.received_files import ReceivedFile
from framework.uploads.operations import FileOutcome, FilesRefused, Upload
from framework.uploads.receiving import MAX_PARTS
from framework.uploads.skipped import Skipped
from framework.web.forms import PageForm, strip

DEFAULT_MESSAGE = "Upload files"


class UploadsNotNamed(Invalid):
    """The field that names finished uploads is not of its form."""

    def __init__(self) -> None:
        super().__init__(
            f"The field uploads has to be JSON: a list of at most {MAX_PARTS:,} objects with upload (its id) and path."
        )


class UploadForm(PageForm):
    """Where the files go and what the version is called; the files themselves are received as a stream."""

    branch = StringField("Branch", filters=[strip])
    path = StringField("Folder", filters=[strip])
    message = TextAreaField("Message", filters=[strip])

    new_branch = StringField("New branch", filters=[strip])
    unwrap = BooleanField("Leave off the outer folder, if all files lie in one")
    uploads = HiddenField()
    skipped = HiddenField()

    def upload(self, files: Sequence[tuple[str, ReceivedFile]]) -> Upload:
        """What the form asks for, with these files.

        Raises:
            UploadsNotNamed, SkippedNotTold: a field of the page's script is not of its form.
        """
        Skipped.of(self.skipped.data or "")
        return Upload(
            files=_without_outer_folder(files) if self.unwrap.data else files,
            branch=self.branch.data or "",
            folder=self.path.data or "",
            message="" if self.message.data == DEFAULT_MESSAGE else self.message.data or "",
            uploads=parse_uploads(self.uploads.data or "[]"),
            new_branch=self.new_branch.data or "",
        )

    @property
    def outcomes(self) -> Sequence[FileOutcome]:
        """What happened to each file, when the upload was refused because of some of them."""
        return self.refusal.outcomes if isinstance(self.refusal, FilesRefused) else ()

    @property
    def upload_count(self) -> int:
        """How many of the files were uploaded before."""
        return len(parse_uploads(self.uploads.data or "[]"))

    @property
    def left_out(self) -> Skipped:
        """The files that the page's script did not send."""
        return Skipped.of(self.skipped.data or "")

    @property
    def landed_on(self) -> str:
        """The branch that the files are on."""
        return self.new_branch.data or self.branch.data or ""


def _without_outer_folder(files: Sequence[tuple[str, ReceivedFile]]) -> Sequence[tuple[str, ReceivedFile]]:
    """The files by their paths in the one folder that all of them lie in; as they are where there is none."""
    tops = {name.partition("/")[0] if "/" in name else "" for name, _file in files}
    return files if len(tops) != 1 or "" in tops else [(name.partition("/")[2], file) for name, file in files]


def parse_uploads(text: str) -> list[tuple[str, str]]:
    """Finished uploads as a page's script names them: (path, upload's id) pairs.

    Raises:
        UploadsNotNamed.
    """
    try:
        named = [(str(one["path"]), str(one["upload"])) for one in json.loads(text)]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UploadsNotNamed from error
    if len(named) > MAX_PARTS:
        raise UploadsNotNamed
    return named
