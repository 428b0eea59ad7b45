"""Which project tells the journal of its group's people, when the one that did so goes."""

from typing import Any

from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP
from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.projects.core.description import describe
from framework.projects.core.groups import find_teller
from framework.projects.models import Project
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.write.creation import change_about


def let_next_tell(project_id: int) -> None:
    """Have another project tell of a group's people before this one, which does so, is deleted or moved.

    Nothing to do for any other project. After a crash two of them tell, of which the newer facts count.
    """
    with read_transaction() as session:
        project = session.get(Project, project_id)
        owner = session.get_one(User, project.owner_id) if project else None
        if owner is None or owner.kind != GROUP or find_teller(session, owner.id) != project_id:
            return
        following = session.get(Project, find_teller(session, owner.id, without=project_id) or 0)
    if following is None:
        return
    following_id = following.id

    def tell(session: Session) -> dict[str, Any]:
        return describe(session, session.get_one(Project, following_id), without=project_id)

    change_about(following.repository_id, tell, actor=SYSTEM_ACTOR)
