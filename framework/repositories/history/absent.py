"""What a version lacks: branches, tags, commits and paths that somebody asked for."""

from framework.errors import NotFound


class RefAbsent(NotFound):
    """The repository has no branch, tag or commit of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no branch, tag or commit “{name[:120]}” in this project.")


class CommitLost(NotFound):
    """The commit is in no branch's or tag's history any more."""

    def __init__(self, sha: str) -> None:
        super().__init__(f"The version {sha[:10]} is in no branch's history any more, so it cannot be restored.")


class PathAbsent(NotFound):
    """The version has nothing at this path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no “{path}” in this version.")
        self.path = path
