"""Notebooks as scripts to download: `.py`, `.R` and others, by their language."""

from pathlib import PurePosixPath

from flask import Response

from framework.browse.places import fallback_link
from framework.browse.render.content import file_name_parameters
from framework.browse.render.kinds.registry import kind_of
from framework.browse.render.rendering import convert_notebook
from framework.errors import Invalid
from framework.lfs.reading import find_content
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve, split_ref


class NoScript(Invalid):
    """A script was asked of a file that is no notebook, or of one that cannot be read."""

    def __init__(self, path: str) -> None:
        super().__init__(f"“{path}” is no notebook that can be read, so there is no script of it.")


def send_script(access: ProjectAccess, place: str) -> Response:
    """The notebook at `ref/path` as a script, which is a download.

    Raises:
        RefAbsent, PathAbsent, NoScript. Unavailable: the server is busy.
    """
    path, content = read_project(access, lambda copy: _read(access, copy, place))
    script = convert_notebook(access.repository_id, content)
    if script is None:
        raise NoScript(path)
    name = PurePosixPath(path).name[: -len(".ipynb")] + script.ending
    return Response(
        script.text,
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; {file_name_parameters(name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _read(access: ProjectAccess, copy: Copy, place: str) -> tuple[str, bytes]:
    with fallback_link(access, copy, place):
        ref, path = split_ref(copy, place)
        entry = find(copy, resolve(copy, ref), path)
    kind = kind_of(entry.name.lower())
    if entry.kind != "blob" or kind is None or not path.lower().endswith(".ipynb"):
        raise NoScript(path)
    blob = find_content(copy, entry.sha).blob
    if blob.size_bytes > kind.limit_bytes:
        raise NoScript(path)
    return path, b"".join(blob.chunks)
