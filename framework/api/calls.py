"""What each call is, in the words of OpenAPI: said beside its view, so that the description follows the code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from framework.api.answers import Answer
from framework.api.bodies import Body

View = TypeVar("View", bound=Callable[..., Any])
Shape = type[Answer] | list[type[Answer]] | str | None
"""An answer's document, a list of such, a media type of anything else, or nothing."""


@dataclass(frozen=True)
class Header:
    """A header that a call takes."""

    told: str
    required: bool = True


@dataclass(frozen=True)
class Call:
    """One call: who may make it, what it is sent and answers; the refusals that all such calls share are understood.

    `needs` is `token` (of any scope), `write`, `admin`, `administrator` (the same, of somebody who administers the
    server), `password`, or None where a token only shows more. `media` is the media type of a body that is no document,
    `tells` are headers of every answer that is no refusal.
    """

    answers: Mapping[int, Shape]
    needs: str | None = None
    body: type[Body] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    keyed: bool = False
    media: str | None = None
    headers: Mapping[str, Header] = field(default_factory=dict)
    tells: Mapping[str, str] = field(default_factory=dict)


CALLS: dict[Callable[..., Any], Call] = {}


def describe(call: Call) -> Callable[[View], View]:
    """Describe a view by this call."""

    def note(view: View) -> View:
        CALLS[view] = call
        return view

    return note
