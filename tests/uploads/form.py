"""What a browser sends when its upload form is sent, and what a project holds afterwards."""

import io
from collections.abc import Mapping

from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.refs import resolve
from framework.storage.current import store
from tests.cast import Visitor, csrf_token

PAGE = "/alice/secret/upload/main"
MIB = 1 << 20


def upload(visitor: Visitor, contents: Mapping[str, bytes], *, page: str = PAGE, **fields: str) -> TestResponse:
    """Send these files with the form's token, as a browser does."""
    return post(visitor, page, files(contents), csrf_token=csrf_token(visitor.get(page).text), **fields)


def files(contents: Mapping[str, bytes]) -> list[FileStorage]:
    return [FileStorage(io.BytesIO(content), name) for name, content in contents.items()]


def post(
    visitor: Visitor, page: str, sent: list[FileStorage], *, accept: str = "text/html", **fields: str
) -> TestResponse:
    boundary, body = encode_multipart({**fields, "files": sent})
    media = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(page, data=body, content_type=media, headers={"Accept": accept})


def paths(project: ProjectAccess, folder: str = "") -> set[str]:
    with open_copy(project.repository_id) as copy:
        if not copy.snapshot.refs:
            return set()
        return {entry.path for entry in list_folder(copy, find(copy, resolve(copy, "main"), folder))}


def as_script(visitor: Visitor, contents: dict[str, bytes]) -> TestResponse:
    fields = {"branch": "main", "path": "", "message": "", "accept": "application/json"}
    return upload(visitor, contents, **fields)


def raw_upload(visitor: Visitor, name: bytes, *, disposition: bytes | None = None) -> TestResponse:
    """A form as no browser's library writes it; `disposition` stands for the whole of what names the file."""
    token = csrf_token(visitor.get(PAGE).text).encode()
    named = disposition or b'filename="' + name + b'"'
    part = b"--b\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n"
    body = part % (b'"csrf_token"', token) + part % (b'"files"; ' + named, b"1") + b"--b--\r\n"
    return visitor.client.post(PAGE, data=body, content_type="multipart/form-data; boundary=b")


def nothing_stored(project: ProjectAccess) -> bool:
    return not paths(project) and not list(store().list(f"repos/{project.repository_id}/"))
