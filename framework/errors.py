"""The five kinds of refusal; every room's own errors subclass one of them.

    HoldfastError
    ├── Invalid       the request cannot be understood or breaks a rule      400
    │   └── TooLarge  a file or a request is over its limit                  413
    ├── Forbidden     known to the caller, but not allowed to them           403
    ├── NotFound      does not exist, or may not be seen: told alike         404
    ├── Conflict      the state has moved on; repeating after a look helps   409
    │   └── GivenUp   ended, and whoever asked was told; they may ask again  409
    └── Unavailable   a part we rely on does not answer; repeating helps     503
        └── Interrupted  the server is restarting; repeating helps           503

An error's text is a sentence for the person who asked: what is wrong and what to do. `framework/web/errors.py` is the
one place that turns them into a status.
"""


class HoldfastError(Exception):
    """A refusal with a sentence for the person who asked."""

    status = 500
    field: str | None = None
    """The form field that the sentence speaks of, when there is one."""
    own_page = False
    """Whether a page of its own tells of it, also where a form was sent."""
    fallback_link: tuple[str, str] | None = None
    """A button for the error's page, when there is something to offer: its words and an address of ours."""
    command_hint = ""
    """What the command line adds to the sentence: commands that help, which readers of pages cannot use."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers that the answer carries, such as Retry-After."""
        return {}

    @property
    def members(self) -> dict[str, object]:
        """What a program is told beside the sentence: extension members of the problem (RFC 9457)."""
        return {}

    @property
    def sentence(self) -> str:
        """What to show: the text that the error was raised with."""
        return str(self)


class Invalid(HoldfastError):
    """The request breaks a rule; the sentence says which and what to do."""

    status = 400


class TooLarge(Invalid):
    """A file or a request is over its limit; the sentence names it, its size and the limit."""

    status = 413


class Forbidden(HoldfastError):
    """The caller may see the thing, but not do this to it."""

    status = 403


class NotFound(HoldfastError):
    """The thing does not exist, or the caller may not know that it does."""

    status = 404


class Conflict(HoldfastError):
    """The state has changed under the request; look again and repeat."""

    status = 409


class GivenUp(Conflict):
    """A task ended without having changed anything, and whoever asked was told so; only they have it begin again."""


class Unavailable(HoldfastError):
    """A part that the answer needs (store, database, broker, disk) does not answer; repeating is safe."""

    status = 503


class Interrupted(Unavailable):
    """The server is restarting in the middle of this; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("The server is restarting, so this was not finished and nothing was changed. Try again.")
