"""Who may have which user name: earlier ones lead to the same person, and those of deleted accounts rest for a year."""

from datetime import timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from framework.accounts.models import FormerUserName, ReservedUserName, User
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Conflict

MOST_FORMER_NAMES = 10
RESERVED_FOR = timedelta(days=365)
"""How long nobody can take the names of a deleted account: clones and links would lead to a stranger."""


class TooManyNames(Conflict):
    """Somebody changed their user name so often that they would hold too many."""

    field = "username"

    def __init__(self) -> None:
        super().__init__(
            f"You have changed your user name {MOST_FORMER_NAMES} times, and each earlier one is kept for you."
            " Choose one of these again, or keep the current one."
        )


def is_reserved(session: Session, name: str) -> bool:
    """Whether an account that was deleted within a year was called so, at last or before."""
    resting = (ReservedUserName.name_key == name.casefold(), ReservedUserName.free_at > now())
    return session.scalar(select(ReservedUserName.name_key).where(*resting)) is not None


def reserve_names(session: Session, user: User) -> None:
    """Let nobody take the names of an account that is being deleted for a year, its earlier ones included."""
    for key in [user.name_key, *former_names(session, user.id)]:
        session.merge(ReservedUserName(name_key=key, free_at=now() + RESERVED_FOR))
    session.execute(delete(FormerUserName).where(FormerUserName.user_id == user.id))


def free_names() -> int:
    """Let names be taken again whose year has passed; how many."""
    over = delete(ReservedUserName).where(ReservedUserName.free_at <= now()).returning(ReservedUserName.name_key)
    with transaction() as session:
        return len(session.scalars(over).all())


def former_holder(session: Session, name: str) -> int | None:
    """The id of the person who was called so before, in any case."""
    return session.scalar(select_former_holder(name.casefold()))


def select_former_holder(name_key: str) -> Select[int]:
    """The id of whoever had this name, case-folded, before."""
    return select(FormerUserName.user_id).where(FormerUserName.name_key == name_key)


def keep_former_name(session: Session, user: User, *, new_name: str) -> None:
    """Keep the present name of somebody who takes another one; one of their earlier names is present again.

    Raises:
        TooManyNames: they would hold more than `MOST_FORMER_NAMES` earlier names.
    """
    if new_name.casefold() == user.name_key:
        return
    earlier = session.get(FormerUserName, new_name.casefold())
    if earlier is not None:
        session.delete(earlier)
    elif len(former_names(session, user.id)) >= MOST_FORMER_NAMES:
        raise TooManyNames
    session.add(FormerUserName(name_key=user.name_key, user_id=user.id))


def former_names(session: Session, user_id: int) -> list[str]:
    """The names that somebody had before, case-folded, in alphabetical order."""
    query = select(FormerUserName.name_key).where(FormerUserName.user_id == user_id)
    return list(session.scalars(query.order_by(FormerUserName.name_key)))


def recall_former_names(session: Session, user_id: int, names: list[str]) -> None:
    """Keep these names, too, as far as nobody has them or had them."""
    for name in names:
        taken = session.scalar(select(User.id).where(User.name_key == name))
        if taken is None and former_holder(session, name) is None and not is_reserved(session, name):
            session.add(FormerUserName(name_key=name, user_id=user_id))
    session.flush()
