"""Which branches may be rewritten by force or deleted, and which tags moved or deleted.

The default branch and all tags are protected unless an owner says otherwise; rules say so of the rest. Tags that a room
keeps, such as those of what was handed in for an assignment, are protected whatever the rules say.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from framework import rooms
from framework.database.session import read_transaction
from framework.errors import Forbidden
from framework.gitcore.ref_names import HEADS, NOTES, TAGS, short_name
from framework.projects.models import BranchRule, Project
from framework.repositories.catalog.changes import RefUpdate
from framework.repositories.models import Repository


class RefProtected(Forbidden):
    """A change that the rules of a branch or a tag forbid; `name` is the ref."""

    def __init__(self, name: str, reason: str) -> None:
        kind = "tag" if name.startswith(TAGS) else "branch"
        super().__init__(f"{short_name(name)} is a protected {kind}: {reason}")
        self.name = name


class KeptForGood(RefProtected):
    """A tag that a room keeps would be moved or deleted."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "it keeps what was handed in for an assignment, and nobody can move or delete it.")


@dataclass(frozen=True)
class Rule:
    """What the branches of this name, or of this pattern with `*` and `?`, allow; `*` stands for slashes, too.

    A pattern for tags or notes is written in full: `refs/tags/v*`. Of a tag, `force_push` is that it may be moved.
    """

    pattern: str
    force_push: bool = False
    deletion: bool = False

    @property
    def kind(self) -> str:
        """What the rule is for, as a page calls one of them."""
        return "tag" if self.pattern.startswith(TAGS) else "notes" if self.pattern.startswith(NOTES) else "branch"

    @property
    def name(self) -> str:
        """The pattern without its kind."""
        return short_name(self.pattern)


@dataclass(frozen=True)
class Protection:
    """The rules of one project at one moment.

    A rule for exactly this name counts alone; of patterns the strictest do. Without either, the default branch and all
    tags are protected and the rest is not. The default branch is never deleted, and no pattern opens it. No rule counts
    for tags that a pattern in `kept` names; these are asked for where rules open tags.
    """

    default_branch: str
    rules: tuple[Rule, ...]
    kept: tuple[str, ...] = ()

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

    def of_ref(self, name: str) -> Rule:
        """The same for a ref by its full name."""
        if name.startswith(HEADS):
            return self.of(name.removeprefix(HEADS))
        rules = [rule for rule in self.rules if rule.kind != "branch"]  # whose `*` is every branch, and no tag
        own = [rule for rule in rules if rule.pattern == name]
        matching = own or [rule for rule in rules if fnmatchcase(name, rule.pattern)]
        is_open = not self.keeps(name) and (bool(matching) or not name.startswith(TAGS))
        return Rule(
            name,
            force_push=is_open and all(rule.force_push for rule in matching),
            deletion=is_open and all(rule.deletion for rule in matching),
        )

    def refuse_deletion(self, name: str) -> None:
        """Let the deletion of this ref pass when it is allowed.

        Raises:
            RefProtected.
        """
        if name == HEADS + self.default_branch:
            raise RefProtected(
                name, "the default branch cannot be deleted. An owner can make another one the default in the settings."
            )
        self._refuse_kept(name)
        if not self.of_ref(name).deletion:
            raise RefProtected(name, "it cannot be deleted. An owner can allow it in the project's settings.")

    def refuse_moving_tag(self, name: str) -> None:
        """Let a tag be moved to another object when that is allowed; other refs pass.

        Raises:
            RefProtected.
        """
        self._refuse_kept(name)
        if name.startswith(TAGS) and not self.may_rewrite(name):
            raise RefProtected(
                name,
                "it may have been cited and cannot be moved. Make a new tag; an owner can allow it in the project's"
                " settings.",
            )

    def may_rewrite(self, name: str) -> bool:
        """Whether commits may be taken from this ref, or this tag be moved."""
        return self.of_ref(name).force_push

    def keeps(self, name: str) -> bool:
        """Whether this is a tag that a room keeps."""
        return any(fnmatchcase(name, pattern) for pattern in self.kept)

    def _refuse_kept(self, name: str) -> None:
        if self.keeps(name):
            raise KeptForGood(name)


def rewrite_refusal(name: str) -> RefProtected:
    """The refusal of a change that takes commits from this ref."""
    return RefProtected(name, "its history cannot be rewritten. An owner can allow it in the project's settings.")


def protection_of(project_id: int) -> Protection:
    """The project's rules now."""
    with read_transaction() as session:
        return read_protection(session, project_id)


def recheck_protection(session: Session, project_id: int, updates: Iterable[RefUpdate], checked: Protection) -> None:
    """The same check once more, with the repository locked, for refs that were checked against earlier rules.

    Raises:
        RefProtected: what these rules allowed is forbidden now.
    """
    now = read_protection(session, project_id)
    for update in updates:
        if update.new is None:
            now.refuse_deletion(update.name)
        elif update.old and checked.may_rewrite(update.name) and not now.may_rewrite(update.name):
            raise RefProtected(update.name, "it became one a moment ago. Push again.")


def read_protection(session: Session, project_id: int) -> Protection:
    """The project's rules as this transaction sees them."""
    found = session.execute(_RULES, {"project_id": project_id}).all()
    rules = tuple(Rule(pattern, force_push, deletion) for _of, pattern, force_push, deletion in found if pattern)
    opens_tags = any(rule.kind == "tag" and (rule.force_push or rule.deletion) for rule in rules)
    kept = list_kept(session, project_id) if opens_tags else ()
    return Protection(found[0].default_branch, rules, kept)


_RULES = (
    select(Repository.default_branch, BranchRule.pattern, BranchRule.force_push, BranchRule.deletion)
    .join(Project, Project.repository_id == Repository.id)
    .outerjoin(BranchRule, BranchRule.project_id == Project.id)
    .where(Project.id == bindparam("project_id"))
    .order_by(BranchRule.pattern)
)


def list_kept(session: Session, project_id: int) -> tuple[str, ...]:
    """The tags that rooms keep, as patterns of full names."""
    return tuple(pattern for find in _list_keepers() for pattern in find(session, project_id))


@cache
def _list_keepers() -> Sequence[Callable[[Session, int], Iterable[str]]]:
    return tuple(rooms.load_all("kept_tags"))
