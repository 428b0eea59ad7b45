"""Two people in the same moment, on the database that lets them run at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.confirmation import confirm_address
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.database.session import transaction
from framework.groups import operations, people
from framework.groups.access import group_for
from tests.cast import PASSWORD, link_in_mail

pytestmark = pytest.mark.deployments("production-like")


def test_who_joins_by_an_invitation_waits_for_the_group_and_holds_nothing(alice: Account) -> None:
    """An owner locks the group, then its invitation or a person: in another order the two would wait for each other."""
    lab = operations.create_group(alice, name="lab")
    people.add_person(alice, lab, person="dora@example.org", role="member")
    dora = create_user(name="dora", email="dora@example.org", password=PASSWORD)
    token = link_in_mail("verify").rpartition("/")[2]
    with ThreadPoolExecutor(1) as other:
        with transaction() as session:
            session.get_one(User, lab.id, with_for_update={"key_share": True})
            confirming = other.submit(confirm_address, token)
            while not session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))):
                assert not confirming.done(), confirming.exception()
            invitation = select(GroupInvitation.id).where(GroupInvitation.group_id == lab.id)
            assert session.scalar(invitation.with_for_update(nowait=True))
            assert session.scalar(select(User.id).where(User.id == dora.id).with_for_update(nowait=True))
            session.add(GroupMember(group_id=lab.id, user_id=dora.id, role="owner"))
        confirming.result()
    assert group_for(dora, "lab").role == "owner"
