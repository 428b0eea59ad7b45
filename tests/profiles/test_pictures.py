"""Pictures of people and groups: uploaded, served, replaced, removed; without one a pattern stands for the name."""

import io
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from framework.accounts.core import budgets
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.models import Picture, User
from framework.config import Config
from framework.database.session import read_transaction
from framework.groups import operations, people
from framework.profiles import settings_views
from framework.profiles.drawing import TOO_LARGE
from framework.projects.lifecycle.leaving import delete_person
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.web.patterns import TONES, draw_pattern
from tests.cast import SignIn, Visitor, new_account, on_each_deployment
from tests.profiles.images import BLUE, bomb, image, new_picture, opened

PAGE = "/settings/profile"


def upload(visitor: Visitor, content: bytes, page: str = PAGE) -> int:
    """The status of uploading this by the page's form."""
    answer = visitor.submit(page, to=f"{page}/picture", files=(io.BytesIO(content), "me.png"))
    return answer.status_code


def shown(visitor: Visitor, page: str) -> str | None:
    """The address of the first picture below the top of the page."""
    found = re.search(r'<main.*?src="(/pictures/\w+\.webp)"', visitor.get(page).text, re.DOTALL)
    return found[1] if found else None


@on_each_deployment
def test_a_picture_is_uploaded_and_replaced(alice: Account, signed_in: SignIn, visitor: Visitor) -> None:
    mine = signed_in(alice)
    assert upload(mine, image(300, 200)) == 302
    first = shown(visitor, "/alice")
    assert first
    assert first in mine.get("/").text  # at the top of the page
    answer = visitor.get(first)
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert opened(answer.data).format == "WEBP"
    assert visitor.get(first, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert upload(mine, image(300, 200, colour=BLUE)) == 302
    second = shown(visitor, "/alice")
    assert second not in {None, first}
    assert visitor.get(first).status_code == 404


def test_a_picture_is_removed(alice: Account, signed_in: SignIn, visitor: Visitor) -> None:
    digest = new_picture(alice)
    mine = signed_in(alice)
    assert mine.submit(PAGE, to=f"{PAGE}/picture", remove="1").status_code == 302
    assert shown(visitor, "/alice") is None
    assert visitor.get(f"/pictures/{digest}.webp").status_code == 404


def test_what_is_wrong_with_a_picture_stands_beside_its_field(
    alice: Account, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = signed_in(alice)
    answer = mine.submit(PAGE, to=f"{PAGE}/picture", files=(io.BytesIO(bomb(6_000, 6_000)), "me.png"))
    assert (answer.status_code, TOO_LARGE in answer.text) == (400, True)
    assert "Choose a picture." in mine.submit(PAGE, to=f"{PAGE}/picture").text
    assert mine.client.post(f"{PAGE}/picture", data={"files": (io.BytesIO(image(9, 9)), "me.png")}).status_code == 400
    monkeypatch.setattr(settings_views, "MOST_BYTES", 1000)
    assert upload(mine, bytes(1001)) == 413


def test_uploads_have_a_budget(alice: Account, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = budgets.LIMITS["pictures"]
    monkeypatch.setitem(budgets.LIMITS, "pictures", budgets.Limit(1, limit.window, limit.what))
    mine = signed_in(alice)
    assert [upload(mine, image(9, 9)), upload(mine, image(9, 9))] == [302, 429]


def test_who_could_confirm_an_address_and_has_not_has_no_picture(
    signed_in: SignIn, with_settings: Callable[..., Config]
) -> None:
    fresh = signed_in(new_account("fresh", confirmed=False))
    with_settings(smtp_url="smtp://mail.example")
    assert upload(fresh, image(9, 9)) == 403
    assert fresh.submit(PAGE, about="Buy here").status_code == 403
    with_settings(smtp_url=None)
    assert upload(fresh, image(9, 9)) == 302


def test_owners_give_their_group_a_picture(alice: Account, bob: Account, signed_in: SignIn, visitor: Visitor) -> None:
    lab = operations.create_group(alice, name="lab")
    people.add_person(alice, lab, person="bob", role="member")
    assert upload(signed_in(alice), image(50, 50), "/lab/settings/profile") == 302
    assert shown(visitor, "/lab")
    member = signed_in(bob)
    assert member.get("/lab/settings/profile").status_code == 403
    assert member.client.post("/lab/settings/profile/picture").status_code == 403


def test_suspension_hides_a_picture(alice: Account, visitor: Visitor) -> None:
    digest = new_picture(alice)
    suspend("alice")
    assert visitor.get(f"/pictures/{digest}.webp").status_code == 404


def test_nothing_remains_of_a_deleted_person(alice: Account, bob: Account, signed_in: SignIn, visitor: Visitor) -> None:
    """Whether their row goes at once, or stays for a project in the trash."""
    digests = [new_picture(account) for account in (alice, bob)]
    signed_in(alice).submit(PAGE, about="Botanist")
    project = create_project(alice, name="notes", description="", visibility="private")
    trash_project(alice, project)
    for name in ("alice", "bob"):
        delete_person(name, with_projects=True)
    assert {visitor.get(f"/pictures/{digest}.webp").status_code for digest in digests} == {404}
    with read_transaction() as session:
        assert session.scalars(select(Picture.user_id)).all() == []
        assert session.scalars(select(User.picture).where(User.id == alice.id)).one() is None


def test_a_pattern_is_the_same_for_a_name_and_one_of_many() -> None:
    names = [f"person-{number}" for number in range(400)]
    drawn = [draw_pattern(name) for name in names]
    assert draw_pattern("PERSON-7") == drawn[7]
    assert {pattern.tone for pattern in drawn} == set(range(TONES))
    assert len({pattern.path + pattern.faint for pattern in drawn}) == len(names)


def test_without_a_picture_the_pattern_is_shown(alice: Account, visitor: Visitor) -> None:
    pattern = draw_pattern(alice.name)
    page = visitor.get("/alice").text
    assert f'tone-{pattern.tone}"' in page
    assert pattern.path in page
