"""Why this database may not write to the bucket.

NotOwner (Unavailable)
├── OwnedByAnother    the bucket's newest token is not this database's
├── WrittenByACopy    the token is, and somebody else renews it: a copy of this database is at work
├── BucketInUse       nobody owns the bucket, and it holds projects that this database has never seen
├── OwnerMissing      this database owned a bucket, and it is not this one
└── TakeOverUnderWay  the token was just taken from another deployment, which may not have noticed yet
StillOwned (Conflict)   the bucket's owner is alive, and nobody said that it is to be replaced
OwnerAtRest (Conflict)  nobody has used it lately, so that nothing tells whether it is alive, and nobody said so either
"""

from framework.errors import Conflict, Unavailable


class NotOwner(Unavailable):
    """This database may not write to the bucket; `reason` tells the operator why, and which command helps."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Nothing can be changed at the moment: the object store of this server is in use by another one. "
            "Everything can still be read; the operator has to look at it."
        )
        self.reason = reason


class OwnedByAnother(NotOwner):
    """The bucket's newest token is not this database's."""


class WrittenByACopy(NotOwner):
    """A mark in the bucket was written by nobody who uses this database."""


class BucketInUse(NotOwner):
    """Nobody owns the bucket, and it holds projects that this database has never seen."""


class OwnerMissing(NotOwner):
    """This database owned a bucket, and the one that is configured has never had an owner."""


class TakeOverUnderWay(NotOwner):
    """The bucket is being taken over, and its former owner may not have noticed yet."""


class StillOwned(Conflict):
    """The bucket's owner has shown that it is alive."""

    def __init__(self) -> None:
        super().__init__(
            "The bucket belongs to another deployment, which is at work: it has just renewed its mark. Nothing was "
            "changed. To see what this command would do, add --dry-run, which writes nothing. To replace the other "
            "deployment, which then refuses to write, add --take-over."
        )


class OwnerAtRest(Conflict):
    """The bucket's owner has not been used lately, and renews its mark only when it is."""

    def __init__(self) -> None:
        super().__init__(
            "The bucket belongs to another deployment, which nobody has used lately: whether it still runs cannot be "
            "told. Nothing was changed. To see what this command would do, add --dry-run, which writes nothing. If the "
            "other deployment has ended for good, or is to be replaced, add --take-over."
        )
