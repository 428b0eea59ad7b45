"""Functions that R has compiled, which are passed over: what matters is where they end."""

from collections.abc import Callable

from framework.browse.render.data.rdata.stream import Stream, TooLarge
from framework.browse.render.data.rdata.things import Thing

DEEPEST = 150
_PAIRS, _CALL, _CODE, _PAIRS_TOLD, _CALL_TOLD, _AGAIN, _DEFINED = 2, 6, 21, 239, 240, 243, 244
_EXPRESSIONS = {_PAIRS, _CALL, _PAIRS_TOLD, _CALL_TOLD, _AGAIN, _DEFINED}


def skip_code(stream: Stream, read: Callable[[], Thing], depth: int = 0) -> None:
    """Read to the end of compiled code, and of the constants that it has; `read` reads the next object.

    Raises:
        Damaged. TooLarge: it is nested too deeply.
    """
    if depth > DEEPEST:
        raise TooLarge
    read()
    for _number in range(stream.length()):
        kind = stream.whole()
        if kind == _CODE:
            skip_code(stream, read, depth + 1)
        elif kind in _EXPRESSIONS:
            _skip_expression(stream, read, kind, depth + 1)
        else:
            read()


def _skip_expression(stream: Stream, read: Callable[[], Thing], kind: int, depth: int) -> None:
    """A call or a list of pairs, or a mark for one that was there before."""
    if depth > DEEPEST:
        raise TooLarge
    while kind in _EXPRESSIONS:
        if kind == _AGAIN:
            stream.whole()
            return
        if kind == _DEFINED:
            stream.whole()
            kind = stream.whole()
        if kind in {_PAIRS_TOLD, _CALL_TOLD}:
            read()
        read()
        _skip_expression(stream, read, stream.whole(), depth + 1)
        kind = stream.whole()
    read()
