"""The body of a request as JSON (RFC 8259), refused with the place where it ends to be JSON."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from flask import request

from framework.errors import Invalid

JSON = "application/json"
NEAR_CHARACTERS = 20


class NotJson(Invalid):
    """The body is of another media type, or compressed."""

    status = 415

    def __init__(self) -> None:
        super().__init__(f"Send the body as JSON, not compressed, with the header Content-Type: {JSON}.")


class BadJson(Invalid):
    """The body is not a JSON document."""


def refuse_other_media() -> None:
    """Let a request with a JSON body pass.

    Raises:
        NotJson.
    """
    if request.mimetype != JSON or request.headers.get("Content-Encoding", "identity") != "identity":
        raise NotJson


def parse_json(text: bytes, each_object: Callable[[dict[str, Any]], object] | None = None) -> object:
    """The JSON text as values; `each_object` may make something else of each object.

    Raises:
        BadJson.
    """
    try:
        return json.loads(text.decode(), object_hook=each_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        near = error.doc[max(0, error.pos - NEAR_CHARACTERS) : error.pos + NEAR_CHARACTERS]
        place = f"line {error.lineno}, column {error.colno}, near “{near}”"
        raise BadJson(f"The body is not JSON: {error.msg} in {place}.") from error
    except UnicodeDecodeError as error:
        raise BadJson(f"The body is not JSON: byte {error.start} is not UTF-8.") from error
    except RecursionError as error:
        raise BadJson("The body is not JSON that can be read: it is nested too deeply.") from error
    except ValueError as error:
        raise BadJson("The body is not JSON that can be read: a number in it has too many digits.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise BadJson(f"The body is not JSON: it has no number {name}.")
