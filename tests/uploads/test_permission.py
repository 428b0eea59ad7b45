"""Who may upload: it is asked at the door, and again where the change commits."""

import pytest

from framework.accounts.core.account import Account
from framework.config import Config
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.members.roles import remove_person
from framework.repositories.cache.scratch import scratch
from framework.uploads.form.received_files import ReceivedFile
from framework.uploads.operations import Upload, store_upload
from tests.cast import SignIn, Visitor, csrf_token
from tests.uploads.form import MIB, PAGE, files, nothing_stored, post


def test_a_reader_a_stranger_and_a_visitor_cannot_upload(
    visitor: Visitor, charlie: Account, bob: Account, website: ProjectAccess, secret: ProjectAccess, signed_in: SignIn
) -> None:
    assert visitor.get(PAGE).location == f"/login?next={PAGE}"
    stranger = signed_in(charlie)
    assert stranger.get(PAGE).status_code == 404
    assert stranger.get("/alice/website/upload/main").status_code == 403
    token = csrf_token(stranger.get("/new").text)
    for page, status in {"/alice/website/upload/main": 403, PAGE: 404}.items():
        assert post(stranger, page, files({"a": b"1"}), csrf_token=token).status_code == status
    assert nothing_stored(website)


def test_a_form_without_its_token_is_refused(uploader: Visitor, secret: ProjectAccess) -> None:
    answer = post(uploader, PAGE, files({"a": b"1"}))
    assert answer.status_code == 400
    assert nothing_stored(secret)


def test_no_other_form_takes_files(uploader: Visitor) -> None:
    token = csrf_token(uploader.get("/new").text)
    answer = post(uploader, "/new", files({"a": b"1" * 1000}), csrf_token=token)
    assert answer.status_code == 413


def test_who_was_removed_while_the_files_arrived_stores_nothing(
    alice: Account, bob: Account, secret: ProjectAccess, shared: ProjectAccess, settings: Config
) -> None:
    """The role is asked again where the change commits, so an upload that began before cannot slip through."""
    remove_person(alice, project_for(alice, "alice", "secret"), person_id=bob.id)
    with scratch("upload") as folder:
        file = ReceivedFile(folder / "a", MIB)
        file.write(b"1")
        file.close()
        with pytest.raises(ProjectNotFound):
            store_upload(shared, bob, Upload([("a", file)], "main", "", ""))
    assert nothing_stored(secret)
