"""How a git ended that did not end well: by a finding, by a limit of ours, or from outside; only the first tells."""

import re
import signal
from collections.abc import Sequence

from framework.errors import Interrupted, Unavailable

FROM_OUTSIDE = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM})
"""What ends a process with the machine, the service or the memory that it runs in, whatever it was doing."""

OUT_OF_MEMORY = "fatal: Out of memory"

# git names the signal that ended one of its own children (run-command.c).
_CHILD_ENDED = re.compile(r"^error: .* died of signal (\d+)$", re.MULTILINE)


class GitFailed(Unavailable):
    """git ended with an error that no input explains; its words are for the log.

    `exit_status` is that of the process, negative for the signal that ended it.
    """

    def __init__(self, arguments: Sequence[str], status: int, words: str) -> None:
        super().__init__("Git could not read this project just now; try again in a minute.")
        self.said = words.strip()
        self.exit_status = status
        self.words = f"git {' '.join(arguments)}: exit status {status}: {words.strip()}"


class GitCutOff(GitFailed):
    """git came to a limit of ours, or crashed. What it had printed until then is no finding about the objects."""

    def __init__(self, arguments: Sequence[str], status: int, words: str) -> None:
        super().__init__(arguments, status, words)
        self.args = ("This takes more time or memory than the server has for it; nothing was changed.",)


class GitTooSlow(GitCutOff):
    """git was ended at its deadline, or at its limit of CPU."""


class GitInterrupted(Interrupted):
    """git was ended from outside. What it had printed until then is no finding about the objects."""


def classify_failure(arguments: Sequence[str], status: int, words: str, *, expired: bool) -> Unavailable:
    """The error for a git that ended with this status, or that passed its deadline."""
    if expired or status == -signal.SIGXCPU:
        return GitTooSlow(arguments, status, words)
    if was_interrupted(status, words):
        return GitInterrupted()
    if status < 0 or OUT_OF_MEMORY in words:
        return GitCutOff(arguments, status, words)
    return GitFailed(arguments, status, words)


def was_interrupted(status: int, words: str = "") -> bool:
    """Whether a process of this exit status, or a child that its words tell of, was ended from outside."""
    ended_by = {-status, *map(int, _CHILD_ENDED.findall(words))}
    return not FROM_OUTSIDE.isdisjoint(ended_by)
