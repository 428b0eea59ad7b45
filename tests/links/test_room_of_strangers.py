"""What strangers are told of a project when their hand-in has no room."""

import pytest

from framework.accounts.models import PlanLimits
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess
from tests.cast import Visitor
from tests.links.conftest import ADA, send
from tests.uploads.form import paths


@pytest.mark.parametrize("plan", [{"stored_bytes": 10}, {"file_bytes": 10}])
def test_a_stranger_is_not_told_of_the_owners_plan(
    visitor: Visitor, secret: ProjectAccess, drop: str, plan: dict[str, int]
) -> None:
    with transaction() as session:
        session.add(PlanLimits(name="free", **plan))
    answer = send(visitor, drop, {"essay.txt": bytes(1000)}, **ADA)
    assert answer.status_code == 413
    assert "There is no room for these files where they are collected" in answer.text
    assert "settings/usage" not in answer.text
    assert not paths(secret)
