"""Which branches may be rewritten by force or deleted: the default one is protected, rules say so of others."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.database.session import reading
from framework.errors import Forbidden
from framework.projects.models import BranchRule, Project
from framework.repositories.change import RefUpdate
from framework.repositories.models import Repository
from framework.repositories.refs import HEADS


class BranchProtected(Forbidden):
    """A change that the rules of a branch forbid; `name` is the ref."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name.removeprefix(HEADS)} is a protected branch: {reason}")
        self.name = name


@dataclass(frozen=True)
class Rule:
    """What the branches of this name, or of this pattern with `*` and `?`, allow; `*` stands for slashes, too."""

    pattern: str
    force_push: bool = False
    deletion: bool = False


@dataclass(frozen=True)
class Protection:
    """The rules of one project at one moment.

    A rule for exactly this name counts alone; of patterns the strictest do. Without either, the default branch is
    protected and others are not. The default branch is never deleted, and no pattern opens it.
    """

    default_branch: str
    rules: tuple[Rule, ...]

    def of(self, branch: str) -> Rule:
        """What this branch allows."""
        is_default = branch == self.default_branch
        own = [rule for rule in self.rules if rule.pattern == branch]
        matching = own or [rule for rule in self.rules if fnmatchcase(branch, rule.pattern)]
        return Rule(
            branch,
            force_push=all(rule.force_push for rule in matching) and not (is_default and not own),
            deletion=all(rule.deletion for rule in matching) and not is_default,
        )

    def refuse_deletion(self, name: str) -> None:
        """Let the deletion of this ref pass when its branch allows it.

        Raises:
            BranchProtected.
        """
        branch = _branch(name)
        if branch == self.default_branch:
            raise BranchProtected(name, "the default branch cannot be deleted.")
        if branch is not None and not self.of(branch).deletion:
            raise BranchProtected(name, "it cannot be deleted. An owner can allow it in the project's settings.")

    def may_rewrite(self, name: str) -> bool:
        """Whether commits may be taken from this ref; tags are no branches, and free."""
        branch = _branch(name)
        return branch is None or self.of(branch).force_push


def rewriting_refused(name: str) -> BranchProtected:
    """The refusal of a change that takes commits from this ref."""
    return BranchProtected(name, "its history cannot be rewritten. An owner can allow it in the project's settings.")


def protection_of(project_id: int) -> Protection:
    """The project's rules now."""
    with reading() as session:
        return read_protection(session, project_id)


def recheck_protection(session: Session, project_id: int, updates: Iterable[RefUpdate], checked: Protection) -> None:
    """The same check once more, with the repository locked, for refs that were checked against earlier rules.

    Raises:
        BranchProtected: what these rules allowed is forbidden now.
    """
    now = read_protection(session, project_id)
    for update in updates:
        if update.new is None:
            now.refuse_deletion(update.name)
        elif update.old and checked.may_rewrite(update.name) and not now.may_rewrite(update.name):
            raise BranchProtected(update.name, "it became one a moment ago. Push again.")


def read_protection(session: Session, project_id: int) -> Protection:
    """The project's rules as this transaction sees them."""
    default_branch = session.scalars(
        select(Repository.default_branch)
        .join(Project, Project.repository_id == Repository.id)
        .where(Project.id == project_id)
    ).one()
    rows = session.scalars(
        select(BranchRule).where(BranchRule.project_id == project_id).order_by(BranchRule.pattern)
    ).all()
    return Protection(default_branch, tuple(Rule(row.pattern, row.force_push, row.deletion) for row in rows))


def _branch(name: str) -> str | None:
    return name.removeprefix(HEADS) if name.startswith(HEADS) else None
