"""What the rooms above ask of a repository besides writing to its branches."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change
from framework.repositories.journal.divergence import note_new
from framework.repositories.models import Repository
from framework.repositories.write.commit import Precheck, commit, do_nothing


def create_repository(session: Session, about: dict[str, Any]) -> str:
    """A repository without a version, in the caller's transaction; its id. The store is not asked."""
    repository = Repository(id=object_keys.new_id(), about=about)
    session.add(repository)
    session.flush()
    note_new(repository.id)
    return repository.id


def change_about(
    repository_id: str, change: Callable[[Session], dict[str, Any]], *, actor: str, precheck: Precheck = do_nothing
) -> None:
    """Change what the journal tells of the project: `change` makes the caller's changes and returns the new text.

    It runs inside the commit point's transaction, with the repository locked; a repository that has a version gets
    another one, so that a rebuild knows of the change. `precheck` runs before, as in `commit`.
    """
    wanted = Change(repository_id=repository_id, actor=actor, about=change, kind="settings")
    commit(wanted, precheck=precheck, in_transaction=do_nothing)
