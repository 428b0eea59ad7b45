"""Whose webhooks: a project's, or those that a group has for all of its projects; and who may set them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.groups.access import GroupAccess, recheck_group
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.groups import OWNER
from framework.repositories.write.commit import lock_repository
from framework.webhooks.models import Webhook
from framework.webhooks.standing import ROLE


@dataclass(frozen=True)
class Place:
    """Whose webhooks: those of a project, or those that a group has for all of its projects."""

    project: ProjectAccess | None = None
    group: GroupAccess | None = None

    @property
    def path(self) -> str:
        """The address of the page that lists them."""
        place = self.project or self.group
        return f"{place.path if place else ''}/settings/webhooks"

    @property
    def condition(self) -> ColumnElement[bool]:
        """Which rows are theirs."""
        if self.project:
            return Webhook.project_id == self.project.id
        return (Webhook.owner_id == (self.group.id if self.group else None)) & Webhook.project_id.is_(None)

    def recheck(self, session: Session, account: Account) -> int:
        """Ask again, inside the transaction of a change, with others' changes waiting; who owns the projects.

        Raises:
            What `recheck` and `recheck_group` raise.
        """
        if self.project:
            lock_repository(session, self.project.repository_id)  # as who ends somebody's part in the project
            return recheck(session, self.project.id, account, ROLE)
        assert self.group
        return recheck_group(session, self.group.id, account, OWNER).id
