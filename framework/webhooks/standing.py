"""Whether a webhook may still be told: whoever set it may set it still, and the project has the owner of then.

Asked at each delivery, so that nothing that ends somebody's part in a project has to know of webhooks.
"""

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.projects.core.access import has_role, role_in
from framework.projects.core.groups import owns_account
from framework.projects.models import Project
from framework.webhooks.models import Webhook

ROLE = "maintainer"
"""Who may set webhooks of a project."""


def why_waiting(session: Session, hook: Webhook) -> str:
    """Why the webhook waits for somebody to save it again; empty where it does not."""
    project = session.get(Project, hook.project_id) if hook.project_id else None
    if project and project.owner_id != hook.owner_id:
        return "The project has another owner than when this webhook was set"
    maker = session.get(User, hook.made_by_id) if hook.made_by_id else None
    if maker is None or maker.suspended_at is not None:
        return "Whoever set this webhook has no account any more, or is suspended"
    person = Account.of(maker)
    may = has_role(role_in(session, person, project), ROLE) if project else owns_account(session, person, hook.owner_id)
    return "" if may else "Whoever set this webhook may not do so any more"
