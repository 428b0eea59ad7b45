"""What a page says right after a change: that it is stored, and a button that takes it back."""

from urllib.parse import quote

from flask import flash

from framework.gitcore.path_policy import explain_twin, quote_path
from framework.projects.core.access import ProjectAccess
from framework.repositories.write.operations import Written

SHOWN_TWINS = 3


def flash_stored(access: ProjectAccess, branch: str, written: Written, said: str) -> None:
    """Say so on the next page, with a button to undo it; or say that nothing was different."""
    if not written.changed:
        flash("Nothing was different, so there is no new version.", "info")
        return
    undo = f"{access.address('undo', written.sha)}?branch={quote(branch, safe='')}"
    for path, twin in written.twins[:SHOWN_TWINS]:
        flash(f"{quote_path(path)} {explain_twin(path.rpartition('/')[2], twin)}", "warning")
    flash({"text": said, "undo": undo}, "success")  # type: ignore[arg-type]  # the session takes what is JSON
