"""What the API answers: each model is a JSON document and its schema."""

from collections.abc import Sequence

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

OBJECT_NAME = r"^[0-9a-f]{40}$"
LOCATION = "Location"


class Answer(BaseModel):
    """The base of every answer; unknown members never appear."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Problem(BaseModel):
    """A refusal (RFC 9457): `detail` says what is wrong and what to do."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    paths: list[str] = Field(default=[], description="The paths that are in conflict, when some are.")


def answer(told: Answer | Sequence[Answer], status: int = 200, *, headers: dict[str, str] | None = None) -> Response:
    """The document, or the list of documents, as JSON."""
    if isinstance(told, Answer):
        text = told.model_dump_json()
    else:
        text = f"[{','.join(one.model_dump_json() for one in told)}]"
    return Response(text, status, headers, content_type="application/json")


def no_content() -> Response:
    """The answer of a call that has nothing to tell."""
    return Response(status=204)
