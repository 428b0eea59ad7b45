"""A repository's rows are taken out of SQL when its project is deleted for good; its objects are the collector's."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from framework.repositories.models import (
    FileSurvey,
    LargeBlob,
    LfsObject,
    Pack,
    Ref,
    Repository,
    SettledEntry,
    StagedLfs,
    StagedPush,
    Version,
    WriterTicket,
    WriterTurn,
)


def remove_rows(session: Session, repository_id: str) -> None:
    """Forget the repository, in the caller's transaction; a missing one is fine.

    Only for one whose newest journal entry says that the project is deleted, or that has no version: the collector
    takes no prefix that SQL does not know for any other reason.
    """
    for model in (
        WriterTicket,
        WriterTurn,
        StagedPush,
        StagedLfs,
        LfsObject,
        LargeBlob,
        FileSurvey,
        SettledEntry,
        Version,
        Pack,
        Ref,
    ):
        session.execute(delete(model).where(model.repository_id == repository_id))
    session.execute(delete(Repository).where(Repository.id == repository_id))
