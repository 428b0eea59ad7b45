"""What the proxy spoils, and what it has seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What happens to a chosen request; several of these may be combined."""

    delay_seconds: float = 0
    """Wait before the answer is passed on, as of a distant service; not before one of the proxy's own (`status`)."""
    status: int | None = None
    """Answer this at once; the service never sees the request."""
    code: str = "InternalError"
    """The S3 error code that goes with `status` and `lost_answer`."""
    lost_answer: int | None = None
    """Let the service do it, then answer this status instead of its own."""
    hang: bool = False
    """Never answer, but keep the connection."""
    cut_answer_after_bytes: int | None = None
    """Reset the connection after so many bytes of the answer's body, which the client has all received."""
    cut_request_after_bytes: int | None = None
    """Reset the connection after so many bytes of the request's body."""
    hold_request_after_bytes: int | None = None
    """Pass on so many bytes of the request's body, then nothing until the client or the service has gone."""
    slow_bytes_per_second: int | None = None
    """Pass the bodies on at this pace."""
    flip_answer_byte: int | None = None
    """Change the byte at this offset of the answer's body."""
    flip_request_byte: int | None = None
    """Change the byte at this offset of the request's body."""


@dataclass
class _Rule:
    method: str
    part: str
    fault: Fault
    times: int


@dataclass(frozen=True)
class Seen:
    """One request as it passed; `round_trips` counts a 100-continue as one of its own."""

    method: str
    path: str
    headers: dict[str, str]
    round_trips: int
