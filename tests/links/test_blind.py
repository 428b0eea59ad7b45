"""An anonymised link: whatever it gives is searched for the names and addresses of everybody who takes part."""

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.database.session import read_transaction
from framework.groups.operations import create_group
from framework.links.owning import make_view_link
from framework.profiles.editing import save_profile_text
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.repositories.models import LfsObject
from framework.repositories.write.operations import Move
from framework.uploads.changing import Changes, store_changes
from tests.browse.kinds.made_pictures import photograph
from tests.cast import SAME_REQUEST, SignIn, Visitor, new_account, on_each_deployment
from tests.links.conftest import path_of
from tests.profiles.images import new_picture
from tests.uploads.conftest import store_files

FILES = {
    "README.md": b"# A study\n\n![plot](figures/plot.svg) and [the data](data/table.csv), see [notes](notes.ipynb)\n",
    ".gitattributes": b"about.txt export-subst\n*.wav filter=lfs diff=lfs merge=lfs -text\n",
    "about.txt": b"$Format:%an <%ae> %H$\n",
    "data/table.csv": b"a,b\n1,2\n",
    "data/.gitattributes": b"raw.csv export-ignore\n",
    "data/raw.csv": b"1\n",
    "figures/plot.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "notes.ipynb": b'{"cells": [{"cell_type": "markdown", "source": ["# T"]}], "metadata": {}, "nbformat": 4}',
    "environment.yml": b"name: study\n",
    "deep/er/code.py": b"print(1)\n",
    "image.bin": b"\0\1\2",
    "empty": b"",
    **{f"photos/{number}.jpg": photograph(place=(46.7, 7.9)) for number in range(4)},
}


RECORDING = b"RIFF" * 100


@pytest.fixture(params=["alice"])
def study(alice: Account, request: pytest.FixtureRequest) -> ProjectAccess:
    """Alice's and Bob's private project, or their group's; its name, branch, messages and description tell of them."""
    bob = new_account("bobbles", full_name="Robert Bobbleton")
    for account in (alice, bob):
        save_profile_text(account, None, about="Botanist")
        new_picture(account)
    if request.param != "alice":
        create_group(alice, name=request.param, title="Alice and Robert")
    about = {"description": "By Alice Liddell", "visibility": "private", "owner": request.param}
    project = create_project(alice, name="liddell-lab", **about)
    store_files(project, alice, FILES, message="First, by Alice Liddell <alice@example.org>")
    store_files(project, alice, {"recording.wav": RECORDING})
    add_person(alice, project, person="bobbles", role="writer")
    theirs = project_for(bob, request.param, "liddell-lab")
    store_changes(theirs, bob, Changes([Move("empty", "void")], "main", "Signed-off-by: Robert Bobbleton"))
    return project


@pytest.fixture
def blind(alice: Account, study: ProjectAccess) -> str:
    """The path of an anonymised link to it."""
    return path_of(make_view_link(alice, study, title="Submission 42", expires_at=None, anonymous=True))


TELLING = re.compile(
    rb"avatar|/pictures/|botanist|alice|liddell|bobb|robert|example\.org|/liddell-lab|hand-in\.invalid", re.IGNORECASE
)


@on_each_deployment
def test_nothing_that_the_view_gives_tells_who_works_on_it(app: Flask, blind: str, study: ProjectAccess) -> None:
    stranger = Visitor(app)
    seen = dict(_crawl(stranger, blind))
    kinds = {path.removeprefix(blind).split("/")[1] if path != blind else "" for path in seen}
    assert kinds == {"", "tree", "blob", "raw", "archive", "picture"}
    assert {f"{blind}/blob/version/deep/er/code.py", f"{blind}/raw/version/figures/plot.svg"} <= seen.keys()
    assert seen[f"{blind}/raw/version/recording.wav"].data == RECORDING
    with read_transaction() as session:
        assert session.scalars(select(LfsObject.size_bytes)).all() == [len(RECORDING)]
    for path, answer in seen.items():
        assert answer.status_code == 200, path
        assert not TELLING.search(_everything(answer)), path
    assert stranger.get(study.path).status_code == 404


def test_the_page_of_a_photograph_does_not_say_with_what_and_where_it_was_taken(app: Flask, blind: str) -> None:
    page = Visitor(app).get(f"{blind}/blob/version/photos/0.jpg").text
    assert "<img" in page
    assert "Kamera" not in page
    assert "46.7" not in page


def test_a_text_leads_to_its_outline_and_back(app: Flask, blind: str) -> None:
    address, stranger = f"{blind}/blob/version/environment.yml", Visitor(app)
    assert f'href="{address}?outline=1"' in stranger.get(address).text
    assert 'href="?plain=1"' in stranger.get(f"{address}?outline=1").text


@pytest.mark.parametrize("study", ["alice", "bobbleton-group"], indirect=True)
def test_each_of_its_routes_is_searched_also_where_it_refuses(app: Flask, blind: str, study: ProjectAccess) -> None:
    """No route that begins with the link may be added without a file and a missing one being asked for here."""
    stranger, token = Visitor(app), blind.rpartition("/")[2]
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/l/<token>")]
    assert len(rules) >= 7
    for rule in rules:
        for path in ("README.md", "missing", "alice-was-here/../x", "deep", "recording.wav"):
            address = rule.rule.replace("<token>", token).replace("<path:path>", path)
            for headers in ({"Range": "bytes=0-3"}, {"Accept": "application/json"}):
                told = _everything(stranger.get(f"{address}?download=1&plain=1&page=2", **headers))
                assert not TELLING.search(told.replace(path.encode(), b"")), address
    assert study.visibility == "private"


@pytest.mark.parametrize(
    "place",
    [
        *("commits/version", "commit/HEAD", "blame/version/README.md", "cite/version", "branches", "tags", "activity"),
        *("compare/a...b", "find/version", "search/version?q=a", "settings", "archive/main.zip", "raw/main/README.md"),
        *("tree/main", "blob/main/README.md", "share"),
    ],
)
def test_what_is_not_made_for_it_does_not_exist(app: Flask, blind: str, place: str) -> None:
    assert Visitor(app).get(f"{blind}/{place}").status_code == 404
    assert Visitor(app).get(f"{blind}.git/{place}").status_code == 404


@pytest.mark.parametrize("place", ["info/refs?service=git-upload-pack", "git-upload-pack", "HEAD"])
def test_git_finds_nothing_there(app: Flask, blind: str, place: str) -> None:
    """As anywhere, git is asked to sign in, whether something is there or not."""
    for address in (f"{blind}/{place}", f"{blind}.git/{place}"):
        assert Visitor(app).get(address).status_code in {401, 404, 405}


def test_archives_hold_the_files_as_they_are_and_no_commit(app: Flask, blind: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(Visitor(app).get(f"{blind}/archive/version.zip").data))
    assert "data/raw.csv" not in "".join(archive.namelist())
    assert "Archives leave out 1 file marked with export-ignore" in Visitor(app).get(blind).text
    assert archive.read("project/about.txt") == FILES["about.txt"]
    assert archive.comment == b""


def test_it_does_not_open_the_projects_own_pages(app: Flask, blind: str, study: ProjectAccess) -> None:
    stranger = Visitor(app)
    assert stranger.get(blind).status_code == 200
    for page in ("", "/commits/main", "/archive/main.zip"):
        assert stranger.get(study.path + page).status_code == 404


def test_a_plain_link_has_no_anonymised_pages(app: Flask, alice: Account, study: ProjectAccess) -> None:
    plain = path_of(make_view_link(alice, study, title="", expires_at=None))
    never = Visitor(app).get("/l/hl_" + "0" * 40 + "/tree/version", **SAME_REQUEST)
    for place in ("tree/version", "raw/version/README.md", "archive/version.zip"):
        assert Visitor(app).get(f"{plain}/{place}", **SAME_REQUEST).data == never.data


def test_the_page_says_what_it_cannot_hide_and_greets_nobody(
    app: Flask, signed_in: SignIn, alice: Account, blind: str
) -> None:
    page = signed_in(alice).get(blind)
    assert "may still tell who they are" in page.text
    assert "Submission 42" in page.text
    assert not TELLING.search(page.data)
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_an_empty_project_says_so(app: Flask, alice: Account, secret: ProjectAccess) -> None:
    link = path_of(make_view_link(alice, secret, title="", expires_at=None, anonymous=True))
    assert "No files yet" in Visitor(app).get(link).text
    for place in ("raw/version/a", "archive/version.zip", "tree/version/a"):
        assert Visitor(app).get(f"{link}/{place}").status_code == 404


def _crawl(visitor: Visitor, start: str) -> Iterator[tuple[str, TestResponse]]:
    """Every address of the site that can be reached from this one, with its answer; static files are let be."""
    waiting, known = [start, f"{start}/archive/version.tar.gz"], {start}
    while waiting:
        path = waiting.pop()
        answer = visitor.get(path)
        yield path, answer
        found = {
            unescape(link)
            for link in re.findall(r'(?:href|src|action)="(/[^"#]*)"', answer.data.decode(errors="replace"))
        }
        new = {link for link in found if not link.startswith("/static/")} - known
        assert all(link.startswith(start) for link in new), (path, new)
        known |= new
        waiting += sorted(new)


def _everything(answer: TestResponse) -> bytes:
    """The headers and the body, unpacked where it is packed."""
    body = answer.get_data()
    headers = str(answer.headers).encode()
    if body.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(body))
        members = [archive.read(one) + one.filename.encode() for one in archive.infolist()]
        return b"".join([headers, archive.comment, *members])
    return headers + (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
