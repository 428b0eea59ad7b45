"""What the teacher sees at a glance: who is in which state, and who was invited and has not come."""

import itertools
from datetime import timedelta

from sqlalchemy import insert

from framework.accounts.models import GroupInvitation, GroupMember
from framework.courses import roster, table
from framework.courses.models import Assignment, Part
from framework.courses.starting import start
from framework.courses.teaching.lines import Wanted
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.cast import SignIn, new_account, on_each_deployment
from tests.courses.conftest import School
from tests.statements import noted_statements
from tests.uploads.conftest import store_files


def read(number: int) -> Assignment:
    """The assignment's row."""
    with read_transaction() as session:
        return session.get_one(Assignment, number)


def invite(school: School, *addresses: str) -> None:
    """Invite these from a list."""
    roster.add(school.teacher, school.course(school.teacher), roster.parse("\n".join(addresses)))


def lines(found: table.Table) -> list[str]:
    """Who is on the page."""
    return [one.person for one in found.entrants] + list(found.invited)


def test_who_was_invited_and_has_not_come_is_in_the_page_and_the_csv(school: School, signed_in: SignIn) -> None:
    number, bob, group_id = school.set_assignment(), new_account("bob"), school.course(school.teacher).id
    invite(school, "zoe@example.org", "yan@uni.example")
    with transaction() as session:
        session.add(GroupMember(group_id=group_id, user_id=bob.id, role="member"))
    path = f"/statistics/assignments/{number}"
    owner, member = signed_in(school.teacher), signed_in(bob)
    assert "2 invited</a>" in owner.get(path).text
    assert "zoe@example.org" in owner.get(path).text
    assert "sam" not in owner.get(f"{path}?state=invited").text.split("<main")[1]
    rows = [line.split(",")[:3] for line in owner.get(f"{path}/states.csv").text.splitlines()]
    assert rows[-2:] == [["yan@uni.example", "", "invited"], ["zoe@example.org", "", "invited"]]
    for address in (path, f"{path}?state=invited", f"{path}/states.csv", f"{path}?q=zoe"):
        assert "zoe@example.org" not in member.get(address).text
    assert "2 invited</a>" in member.get(path).text
    assert "invited</a>" not in member.get(f"{path}?q=zoe").text  # nor by guessing
    new_account("zoe")
    assert "1 invited</a>" in owner.get(path).text


def test_an_assignment_for_some_waits_for_no_others(school: School) -> None:
    number = school.set_assignment(people=("sam",))
    invite(school, "zoe@example.org")
    found = table.read_table(read(number), "statistics", Wanted(addresses=True))
    assert (lines(found), found.counts["invited"]) == (["sam"], 0)


@on_each_deployment
def test_states_are_counted_over_all_pages_and_filter_them(school: School) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    store_files(copy, school.sam, {"answer.txt": b"42"})
    school.pass_deadline(number)
    school.take_snapshots()
    start(school.tom, school.course(school.tom), number)
    part_id = school.hand_in_of(number, school.tom).id
    with transaction() as session:  # as the database does when the account's row goes
        session.get_one(Part, part_id).user_id = None
    moment, group_id = now(), school.course(school.teacher).id
    addresses = [f"new-{count:02}@uni.example" for count in range(table.PAGE)]
    invited = {"group_id": group_id, "role": "participant", "created_at": moment, "expires_at": moment + timedelta(1)}
    with transaction() as session:
        session.execute(insert(GroupInvitation), [invited | {"email": one, "email_key": one} for one in addresses])
    everybody = Wanted(addresses=True)
    pages = [table.read_table(read(number), "statistics", everybody, page=page) for page in (1, 2, 3)]
    assert list(itertools.chain.from_iterable(map(lines, pages))) == ["sam", "tom", "tom", *addresses]
    assert [one.more for one in pages] == [True, False, False]
    expected = {"invited": 50, "not opened": 1, "open": 1, "handed in": 1, "late": 0}
    assert [one.counts for one in pages] == [expected] * 3
    for state, people in {"handed in": ["sam"], "open": ["tom"], "not opened": ["tom"], "late": []}.items():
        only = table.read_table(read(number), "statistics", Wanted(state=state, addresses=True))
        assert (lines(only), only.counts) == (people, expected)
    with noted_statements() as statements:
        table.read_table(read(number), "statistics", everybody)
    assert sum(one.startswith("SELECT") for one in statements) <= 5  # with the one that reads the assignment
