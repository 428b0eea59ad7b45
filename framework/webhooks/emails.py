"""The mail about a webhook that was switched off: to its maker, or the owners if the maker has left."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.types import now
from framework.email import messages
from framework.projects.core.access import has_role, role_in
from framework.projects.core.groups import list_owners, list_project_owners, owns_account
from framework.projects.models import Project
from framework.webhooks.models import Webhook


def mail_switched_off(session: Session, hook: Webhook, problem: str) -> None:
    """Tell that nothing is sent there any more, and why."""
    owner = session.get_one(User, hook.owner_id)
    project = session.get(Project, hook.project_id) if hook.project_id else None
    name = f"{owner.name}/{project.name}" if project else owner.name
    facts = {"place": name, "url": hook.url, "problem": problem}
    facts["link"] = f"{config.current().base_url}/{name}/settings/webhooks/{hook.id}"
    for user in _choose_people(session, hook, owner, project):
        if user.suspended_at is None and (email := addresses.find_confirmed_address(user)):
            key = f"webhook-off-{hook.id}-{user.id}-{now():%Y%m%d%H%M%S%f}"
            told = {**facts, "name": user.name}
            messages.queue(session, messages.prepare(to=email, template="webhook_off", facts=told, key=key))


def _choose_people(session: Session, hook: Webhook, owner: User, project: Project | None) -> Sequence[User]:
    maker = session.get(User, hook.made_by_id) if hook.made_by_id else None
    if maker and project and has_role(role_in(session, Account.of(maker), project), "maintainer"):
        return [maker]
    if maker and project is None and owns_account(session, Account.of(maker), owner.id):
        return [maker]
    return list_project_owners(session, project) if project else list_owners(session, owner)
