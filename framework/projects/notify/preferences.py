"""How often people get mail about what happens in projects: everywhere, and differently in some."""

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.errors import Invalid, NotFound
from framework.projects.core.access import role_in
from framework.projects.core.queries import takes_part
from framework.projects.models import MailChoice, Project

AT_ONCE, HOURLY, DAILY, OFF = "at_once", "hourly", "daily", "off"
FREQUENCIES = {
    AT_ONCE: "At once",
    HOURLY: "Once an hour",
    DAILY: "Once a day",
    OFF: "Never",
}
AS_EVERYWHERE = ""
EVERY_PROJECT = 0


class UnknownFrequency(Invalid):
    """Not one of the choices."""

    field = "frequency"


class NoPartInProject(NotFound):
    """The person takes part in no such project, or there is none."""

    field = "project"

    def __init__(self) -> None:
        super().__init__("You take part in no such project. Reload the page of mail settings and choose again.")


class LinkBroken(NotFound):
    """The link of a mail is not complete, or its account or project is gone."""


@dataclass(frozen=True)
class ProjectChoice:
    """A project that somebody takes part in, and their choice for it; empty: as everywhere."""

    id: int
    full_name: str
    frequency: str


@dataclass(frozen=True)
class Unsubscription:
    """What the link of a mail stops: the mails of one person about one project (0: about all).

    `project` is its name, None for one that is none of the person's business any more.
    """

    user_id: int
    name: str
    project_id: int
    project: str | None


def choices_of(account: Account) -> tuple[str, list[ProjectChoice]]:
    """How often everywhere, and the projects that the person takes part in."""
    query = (
        select(Project.id, User.name, Project.name, MailChoice.frequency)
        .join(User, User.id == Project.owner_id)
        .outerjoin(MailChoice, (MailChoice.project_id == Project.id) & (MailChoice.user_id == account.id))
        .where(Project.trashed_at.is_(None), takes_part(account))
        .order_by(User.name_key, Project.name_key)
    )
    with read_transaction() as session:
        everywhere = session.get_one(User, account.id).mail_frequency
        rows = session.execute(query).all()
    return everywhere, [ProjectChoice(number, f"{owner}/{name}", kept or "") for number, owner, name, kept in rows]


def choose(account_id: int, project_id: int, frequency: str) -> None:
    """Get mail about this project (0: about all that have no choice of their own) so often.

    Raises:
        UnknownFrequency: there is no such choice; nothing is changed.
        NoPartInProject: it is none of theirs; nothing is changed.
    """
    if frequency not in FREQUENCIES and (frequency != AS_EVERYWHERE or not project_id):
        raise UnknownFrequency("Choose how often you want mail: at once, once an hour, once a day or never.")
    with transaction() as session:
        if project_id and not _takes_part(session, account_id, project_id):
            raise NoPartInProject
        _keep(session, account_id, project_id, frequency)


def unsubscribe_link(user_id: int, project_id: int) -> str:
    """The address, for mails, that stops them: of this project, or with 0 of all."""
    return f"{config.current().base_url}/unsubscribe/{_serializer().dumps([user_id, project_id])}"


def read_link(token: str) -> Unsubscription:
    """What the link stops; it works for as long as the account is there, and needs nobody to be signed in.

    Raises:
        LinkBroken: it is not one of ours, or the account or the project is gone.
    """
    try:
        user_id, project_id = _serializer().loads(token)
    except BadSignature as error:
        raise LinkBroken(_SENTENCE) from error
    with read_transaction() as session:
        user, project = session.get(User, user_id), session.get(Project, project_id)
        if user is None or (project_id != EVERY_PROJECT and project is None):
            raise LinkBroken(_SENTENCE)
        name = _name_for(session, user, project) if project else None
        return Unsubscription(user.id, user.name, project_id, name)


def unsubscribe(token: str) -> Unsubscription:
    """Stop what the link names; doing so twice is fine.

    Raises:
        LinkBroken: as `read_link`.
    """
    asked = read_link(token)
    with transaction() as session:
        if asked.project_id == EVERY_PROJECT:
            session.execute(delete(MailChoice).where(MailChoice.user_id == asked.user_id))
        _keep(session, asked.user_id, asked.project_id, OFF)
    return asked


def _name_for(session: Session, user: User, project: Project) -> str | None:
    if user.suspended_at is not None or not _sees(session, user, project):
        return None
    return f"{session.get_one(User, project.owner_id).name}/{project.name}"


def _sees(session: Session, user: User, project: Project) -> bool:
    return project.visibility == "public" or role_in(session, Account.of(user), project) is not None


def _takes_part(session: Session, account_id: int, project_id: int) -> bool:
    project, user = session.get(Project, project_id), session.get(User, account_id)
    return project is not None and user is not None and role_in(session, Account.of(user), project) is not None


def _keep(session: Session, account_id: int, project_id: int, frequency: str) -> None:
    if not project_id:
        session.get_one(User, account_id).mail_frequency = frequency
    elif frequency == AS_EVERYWHERE:
        mine = (MailChoice.user_id == account_id, MailChoice.project_id == project_id)
        session.execute(delete(MailChoice).where(*mine))
    else:
        session.merge(MailChoice(user_id=account_id, project_id=project_id, frequency=frequency))


_SENTENCE = "This link is incomplete, or its account or project is gone. Open it again from the mail, or use Settings."


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(config.current().signing_keys, salt="holdfast-unsubscribe")
