"""Who owns a project: locked together, since two owners who leave at the same moment would leave nobody."""

from sqlalchemy import Select, literal, or_, select, union
from sqlalchemy.orm import Session, aliased

from framework.accounts.core.account import GROUP
from framework.accounts.models import GroupMember, User
from framework.errors import Conflict
from framework.projects.core.groups import OWNER
from framework.projects.models import Member, Project


class LastOwner(Conflict):
    """Nobody would be left who owns the project and can sign in."""

    def __init__(self) -> None:
        super().__init__("A project needs an owner who can sign in. Make somebody else an owner first.")


def lock_owners(session: Session, project_id: int) -> None:
    """Have nobody else change who owns this project, or can sign in, before this transaction ends.

    To be called before the repository is locked.
    """
    members = select(Member.user_id).where(Member.project_id == project_id, Member.role == "owner")
    _lock(session, union(select(Project.owner_id).where(Project.id == project_id), members))


def lock_co_owners(session: Session, user_id: int) -> User:
    """The same for everything that this person owns, alone or with others; the person's row."""
    theirs = select(Member.project_id).where(Member.user_id == user_id, Member.role == "owner")
    shared = Project.id.in_(theirs)
    others = (
        select(Member.user_id)
        .join(Project, Project.id == Member.project_id)
        .where(or_(Project.owner_id == user_id, shared), Member.role == "owner")
    )
    groups = select(GroupMember.group_id).where(GroupMember.user_id == user_id, GroupMember.role == OWNER)
    _lock(session, union(select(literal(user_id)), select(Project.owner_id).where(shared), others, groups))
    return session.get_one(User, user_id)


def refuse_ownerless(session: Session, row: Project) -> None:
    """Let a change pass that has left the project, in this transaction, an owner who can sign in.

    A group always has one: it refuses to lose the last.

    Raises:
        LastOwner.
    """
    owner = session.get_one(User, row.owner_id)
    if owner.kind == GROUP or owner.suspended_at is None:
        return
    owners = select(Member.user_id).join(User, User.id == Member.user_id)
    mine = (Member.project_id == row.id, Member.role == "owner", User.suspended_at.is_(None))
    if session.scalar(owners.where(*mine).limit(1)) is None:
        raise LastOwner


def select_kept_alone(user_id: int) -> Select[Project, str]:
    """The projects of suspended people, and their names, of which this person is the only owner who can sign in."""
    mine, other, person = aliased(Member), aliased(Member), aliased(User)
    others = (
        select(other.user_id)
        .join(person, person.id == other.user_id)
        .where(other.project_id == Project.id, other.role == "owner", other.user_id != user_id)
        .where(person.suspended_at.is_(None))
    )
    return (
        select(Project, User.name)
        .join(mine, mine.project_id == Project.id)
        .join(User, User.id == Project.owner_id)
        .where(mine.user_id == user_id, mine.role == "owner", Project.trashed_at.is_(None))
        .where(User.kind != GROUP, User.suspended_at.is_not(None), ~others.exists())
        .order_by(User.name_key, Project.name_key)
    )


def _lock(session: Session, ids: object) -> None:
    """In order of id, so that two who lock the same accounts wait for each other and not both for ever."""
    query = select(User).where(User.id.in_(ids)).order_by(User.id)  # type: ignore[arg-type]
    session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
