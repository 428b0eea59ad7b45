"""`/admin/plans`: what an administrator changes holds at once, and can be taken back."""

import pytest

from framework.accounts.core.account import Account, NotAdministrator
from framework.accounts.core.plans import Plan, default_plan
from framework.accounts.lifecycle import administration, plan_editing
from framework.accounts.lifecycle.plan_editing import Given
from framework.admin.forms import BadSize, parse_size, write_size
from framework.groups.operations import create_group
from tests.cast import SignIn, new_account, on_each_deployment


@on_each_deployment
def test_a_plan_is_edited_and_reset(ada: Account, alice: Account, signed_in: SignIn) -> None:
    admin = signed_in(ada)
    saved = admin.submit("/admin/plans", to="/admin/plans/free", stored="1.5 GiB", private="3", file="")
    assert saved.location == "/admin/plans"
    free = Plan("free", stored_bytes=3 << 29, private_projects=3)
    assert plan_editing.list_plans()[0] == free
    assert administration.read_plan_of("alice").plan == free
    page = admin.get("/admin/plans").text
    assert 'value="1536 MiB"' in page
    assert "Reset the plan free" in page
    assert "Reset the plan student" not in page
    assert admin.submit("/admin/plans", to="/admin/plans/free/reset").location == "/admin/plans"
    assert plan_editing.list_plans()[0] == default_plan("free")


@pytest.mark.parametrize(
    ("field", "text"),
    [("stored", "much"), ("stored", "-1"), ("file", "1 EiB"), ("private", "2.5"), ("private", "9999999")],
)
def test_what_is_no_limit_is_refused_beside_its_field(ada: Account, signed_in: SignIn, field: str, text: str) -> None:
    page = signed_in(ada).submit("/admin/plans", to="/admin/plans/student", **{field: text})
    assert page.status_code == 400
    assert f'value="{text}"' in page.text
    assert "for no limit." in page.text
    assert plan_editing.list_plans()[1] == default_plan("student")


def test_there_are_no_other_plans(ada: Account, signed_in: SignIn) -> None:
    admin = signed_in(ada)
    for path in ("/admin/plans/golden", "/admin/plans/golden/reset"):
        assert admin.submit("/admin/plans", to=path, stored="1 GiB").status_code == 404


def test_it_counts_whom_a_plan_was_given(ada: Account, alice: Account, signed_in: SignIn) -> None:
    for name in ("lab", "course"):
        create_group(alice, name=name, title="")
    for name in ("alice", "lab"):
        administration.give_plan(name, "unlimited")
    administration.give_plan("course", "student")
    assert plan_editing.count_given() == {"unlimited": Given(1, 1), "student": Given(groups=1)}
    page = signed_in(ada).get("/admin/plans").text
    assert "Given to 1 person and 1 group<" in page
    assert "Given to 1 group<" in page


def test_who_is_an_administrator_no_more_edits_nothing(ada: Account) -> None:
    new_account("eve", admin=True)
    administration.set_admin("ada", admin=False)
    with pytest.raises(NotAdministrator):
        plan_editing.edit_plan(Plan("free"), by=ada)
    with pytest.raises(NotAdministrator):
        plan_editing.reset_plan("free", by=ada)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("", None), ("5 GiB", 5 << 30), ("5GB", 5 << 30), ("0.5 k", None), ("0.5 KiB", 512), ("100", 100), ("1 byte", 1)],
)
def test_sizes_are_read_as_people_write_them(text: str, size_bytes: int | None) -> None:
    if text.endswith(" k"):
        with pytest.raises(BadSize):
            parse_size(text)
    else:
        assert parse_size(text) == size_bytes


@pytest.mark.parametrize("size_bytes", [None, 0, 1, 1023, 1024, 3 << 20, (3 << 20) + 1, 7 << 30, 5 << 40])
def test_sizes_are_written_as_they_are_read(size_bytes: int | None) -> None:
    assert parse_size(write_size(size_bytes)) == size_bytes
