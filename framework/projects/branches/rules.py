"""The rules of branches, as owners set them: each change is a version, so that a rebuild knows of it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.audit import log as audit
from framework.errors import Invalid, NotFound
from framework.projects.branches.protection import Rule
from framework.projects.core import validation
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.description import describe
from framework.projects.models import BranchRule, Project
from framework.projects.notify.activity import record
from framework.repositories.write.creation import change_about

MOST_RULES = 100


class TooManyRules(Invalid):
    """A project has as many rules as one may have."""

    field = "pattern"


class RuleNotFound(NotFound):
    """The project has no rule for this pattern."""


def set_branch_rule(account: Account, project: ProjectAccess, rule: Rule) -> str:
    """Have the branches of this name or pattern follow this rule, instead of an earlier one for the same; the pattern.

    Raises:
        InvalidBranchPattern: no branch could match it.
        TooManyRules: the project has 100.
        RoleTooLow: the caller is no maintainer any more.
    """
    pattern = validation.branch_pattern(rule.pattern)

    def change(session: Session, row: Project) -> None:
        if session.get(BranchRule, (row.id, pattern)) is None:
            _refuse_too_many(session, row.id)
        session.merge(
            BranchRule(project_id=row.id, pattern=pattern, force_push=rule.force_push, deletion=rule.deletion)
        )

    _change(account, project, change)
    return pattern


def remove_branch_rule(account: Account, project: ProjectAccess, pattern: str) -> None:
    """Take the rule of this pattern away.

    Raises:
        RuleNotFound: there is none.
        RoleTooLow: the caller is no maintainer any more.
    """

    def change(session: Session, row: Project) -> None:
        found = session.get(BranchRule, (row.id, pattern))
        if found is None:
            raise RuleNotFound("There is no such rule; it may have been removed already.")
        session.delete(found)

    _change(account, project, change)


def _refuse_too_many(session: Session, project_id: int) -> None:
    count = session.scalar(select(func.count()).select_from(BranchRule).where(BranchRule.project_id == project_id))
    if (count or 0) >= MOST_RULES:
        raise TooManyRules(
            f"A project has {MOST_RULES} rules at most. Use a pattern such as release/* for many branches."
        )


def _change(account: Account, project: ProjectAccess, act: Callable[[Session, Project], None]) -> None:
    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, "maintainer")
        row = session.get_one(Project, project.id)
        act(session, row)
        record(session, row.id, actor=account, kind="settings")
        audit.record(session, "branch_rule", actor=account, project=audit.ToldProject(row.id, project.full_name))
        session.flush()
        return describe(session, row)

    change_about(project.repository_id, change, actor=account.name)
