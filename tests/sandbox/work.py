"""What children of the sandbox are given to do."""

import os
import time


def process_id() -> int:
    """Who does this."""
    return os.getpid()


def parent_id() -> int:
    """Who started this."""
    return os.getppid()


def doubled(number: int) -> int:
    """Twice the number."""
    return 2 * number


def endless() -> None:
    """Take all of the processor, as a regular expression does that no signal handler interrupts."""
    while True:
        pass


def large(size_bytes: int) -> int:
    """Take so much memory."""
    return len(bytearray(size_bytes))


def text(length: int) -> str:
    """So long a text."""
    return "x" * length


def failing(kind: type[BaseException]) -> None:
    """Raise an error of this kind."""
    raise kind


def asleep(seconds: float) -> float:
    """Take no processor, but time."""
    time.sleep(seconds)
    return seconds
