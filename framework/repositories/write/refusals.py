"""How the commit point refuses a change, or cannot tell what became of it."""

from framework.errors import Conflict, Unavailable


class RefMoved(Conflict):
    """A ref is no longer where the change found it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has moved since; look at the newest version and repeat the change.")
        self.name = name


class VersionMoved(Conflict):
    """Another change became a version in between; only a broken lock can let it."""

    def __init__(self) -> None:
        super().__init__("Somebody changed the project at the same moment; repeat the change.")


class RefClash(Conflict):
    """A ref's name is the folder of another's: Git keeps `a` and `a/b` apart only by leaving one out."""

    def __init__(self, name: str, other: str) -> None:
        super().__init__(f"{name} cannot exist beside {other}; choose a name that is not a part of the other.")
        self.name = name


class PacksChanged(Conflict):
    """The packs were consolidated since the change was checked against them; check again."""

    def __init__(self) -> None:
        super().__init__("The project was being repacked; repeat the change.")


class MovedMeanwhile(Conflict):
    """Another version was committed since the new packs were checked; check them against that one, too."""

    def __init__(self) -> None:
        super().__init__("Somebody changed the project while it was being repacked; it stays as it was.")


class StagingExpired(Conflict):
    """The collector has taken the staged packs, since the change took longer than they are kept."""

    def __init__(self) -> None:
        super().__init__("This change took too long and its files were cleaned up; send them again.")


class OutcomeUnknown(Unavailable):
    """The database did not say whether the commit happened."""

    def __init__(self) -> None:
        super().__init__("The database did not answer in time, so the change may or may not be stored; look again.")


class NotCommitted(Unavailable):
    """The database refused or lost the transaction, and nothing of it is there."""

    def __init__(self) -> None:
        super().__init__("The database did not take the change, so nothing is changed; try again in a minute.")
