"""The mail about a webhook that was switched off, to whoever set it."""

from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.models import User
from framework.database.types import now
from framework.email import messages
from framework.projects.models import Project
from framework.webhooks.models import Webhook


def mail_switched_off(session: Session, hook: Webhook, problem: str) -> None:
    """Tell that nothing is sent there any more, and why."""
    owner = session.get_one(User, hook.owner_id)
    project = session.get(Project, hook.project_id) if hook.project_id else None
    name = f"{owner.name}/{project.name}" if project else owner.name
    facts = {"place": name, "url": hook.url, "problem": problem}
    facts["link"] = f"{config.current().base_url}/{name}/settings/webhooks/{hook.id}"
    maker = session.get(User, hook.made_by_id) if hook.made_by_id else None
    if maker and (email := addresses.find_confirmed_address(maker)):
        key = f"webhook-off-{hook.id}-{now():%Y%m%d%H%M%S%f}"
        told = {**facts, "name": maker.name}
        messages.queue(session, messages.prepare(to=email, template="webhook_off", facts=told, key=key))
