"""User names that people had before: they lead to the same person, and nobody else can take them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.models import FormerUserName, User
from framework.errors import Conflict

MOST_FORMER_NAMES = 10


class TooManyNames(Conflict):
    """Somebody changed their user name so often that they would hold too many."""

    field = "username"

    def __init__(self) -> None:
        super().__init__(
            f"You have changed your user name {MOST_FORMER_NAMES} times, and each earlier one is kept for you."
            " Choose one of these again, or keep the current one."
        )


def former_holder(session: Session, name: str) -> int | None:
    """The id of the person who was called so before, in any case."""
    return session.scalar(select(FormerUserName.user_id).where(FormerUserName.name_key == name.casefold()))


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
        if taken is None and former_holder(session, name) is None:
            session.add(FormerUserName(name_key=name, user_id=user_id))
    session.flush()
