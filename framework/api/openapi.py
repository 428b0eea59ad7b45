"""The API's description of itself (OpenAPI 3.1), made of its routes, its calls and its documents."""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from framework import config
from framework.api.answers import Problem
from framework.api.body.parsing import JSON
from framework.api.calls import CALLS, Call, Shape
from framework.api.idempotency import HEADER, LONGEST_KEY
from framework.api.paging import PAGE
from framework.api.resources.uploads import UPLOAD_CALLS
from framework.web.errors import PROBLEM_JSON

_ARGUMENT = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
TEXT = {"type": "string"}
SCHEMA = "#/components/schemas/{model}"
KEY = (
    "Any text of your own, new for each request: sent again within a day, the request is answered again and done once."
)
REASONS = {
    200: "What was asked for.",
    201: "It was created.",
    202: "It was begun; the header Location tells where to ask how far it is.",
    204: "It is done.",
    206: "The part that Range asked for.",
    301: "The owner or the project has another name now; the header Location tells the address.",
    304: "The caller has it already, as If-None-Match says.",
    400: "The request breaks a rule; the sentence says which.",
    401: "Credentials are missing or wrong.",
    403: "The caller may not do this, is suspended, or has a second factor and sent the password.",
    404: "It does not exist, or the caller may not see it; nothing is called by a text with a NUL.",
    409: "Others changed it meanwhile, or the name is taken; look at the newest state.",
    410: "An upload has expired; send the file again.",
    412: "The header Tus-Resumable does not name a version that is spoken here.",
    413: "A file or the whole request is too large.",
    415: "The body is of another media type.",
    416: "The file has no such part.",
    422: f"The {HEADER} was sent with another request.",
    460: "The bytes were damaged on their way; send them again.",
    429: "Too many wrong passwords; the header Retry-After says when to try again.",
}
PLACES = {
    "name": "The user name of a person, or the name of a group.",
    "plan": "`free`, `student` or `unlimited`.",
    "owner": "The owner's user name.",
    "project": "The project's name.",
    "group": "The group's name.",
    "assignment_id": "The assignment's number.",
    "link_id": "The number of a link, as the list tells it.",
    "person_id": "The number of the person's account.",
    "invitation_id": "The invitation's number.",
    "webhook_id": "The webhook's number.",
    "delivery_id": "The delivery's id, as the list tells it.",
    "transfer_id": "The offer's number.",
    "project_id": "The number of a project, as the list tells it.",
    "place": "REF/PATH. A ref may hold slashes; the longest branch or tag that exists is meant. The path may be empty.",
    "sha": "The commit's whole id, 40 digits.",
    "ref": "A branch, a tag or a commit's id; `refs/heads/NAME` is a branch, `refs/tags/NAME` a tag.",
    "branch": "The branch's name, which may hold slashes.",
    "tag": "The tag's name, which may hold slashes.",
    "token_id": "The token's number.",
    "upload_id": "The upload's id, the end of its address.",
    "work_id": "The work's id.",
}
SECURITY: dict[str | None, list[dict[str, list[str]]]] = {
    None: [{}, {"token": []}],
    "token": [{"token": []}],
    "write": [{"token": []}],
    "admin": [{"token": []}],
    "administrator": [{"token": []}],
    "password": [{"password": []}],
}


def document(app: Flask) -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, view, call in _calls(app):
        for method in _methods(rule):
            paths.setdefault(template(rule), {})[method.lower()] = _operation(rule, view, call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast", "version": "1", "description": "Projects, their files and every version."},
        "servers": [{"url": config.current().base_url}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _calls(app: Flask) -> Iterator[tuple[Rule, Any, Call]]:
    """Each call at the shortest of its addresses."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: len(rule.rule), reverse=True)
    for endpoint, rule in {rule.endpoint: rule for rule in rules}.items():
        view = app.view_functions[endpoint]
        if call := CALLS.get(view) or UPLOAD_CALLS.get(view):
            yield rule, view, call


def _methods(rule: Rule) -> list[str]:
    """Those that the view was written for; HEAD and OPTIONS come with any other."""
    found = rule.methods or set()
    return sorted(found - {"HEAD", "OPTIONS"} or found)


def template(rule: Rule) -> str:
    """The rule's path as OpenAPI writes it."""
    return _ARGUMENT.sub(r"{\2}", rule.rule)


def _operation(rule: Rule, view: Any, call: Call) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(view.__doc__).partition("\n\n")
    told: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": summary,
        "tags": [rule.endpoint.split(".")[-2]],
        "security": SECURITY[call.needs],
        "parameters": [*_path_parameters(rule), *_other_parameters(call)],
        "responses": {
            **{str(status): _describe_answer(status, shape, call.tells) for status, shape in call.answers.items()},
            **{str(status): _refusal(status) for status in sorted(_refusals(rule, call))},
            "5XX": {"description": "It is our fault, or a part is away; repeating is safe.", "content": _problem()},
        },
    }
    if description:
        told["description"] = description.replace("\n", " ")
    if call.body:
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": _reference(call.body)}}}
    if call.media:
        told["requestBody"] = {"content": {call.media: {}}}
    return told


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PLACES[name],
            "schema": {"type": "integer" if converter == "int" else "string"},
        }
        for converter, name in _ARGUMENT.findall(rule.rule)
    ]


def _other_parameters(call: Call) -> list[dict[str, Any]]:
    query = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "integer" if name in PAGE else "string"}}
        for name, text in call.query.items()
    ]
    headers = [
        {"name": name, "in": "header", "description": header.told, "required": header.required, "schema": TEXT}
        for name, header in call.headers.items()
    ]
    key = {"name": HEADER, "in": "header", "description": KEY, "schema": {**TEXT, "maxLength": LONGEST_KEY}}
    return [*query, *headers, *([key] if call.keyed else [])]


def _refusals(rule: Rule, call: Call) -> set[int]:
    """The refusals that the kind of the call brings along, and its own."""
    found = {401, 403, 404, *call.refusals}  # of credentials that are wrong, an account that is suspended, a NUL
    found -= {401} if call.needs == "administrator" else set()  # a 404 for all who are none
    found |= {400, 413, 415} if call.body else set()
    found |= {400} if call.query else set()
    found |= {301} if "project" in rule.arguments and "GET" in _methods(rule) else set()
    found |= {400, 409, 422} if call.keyed else set()
    return found | ({429} if call.needs == "password" else set())


def _describe_answer(status: int, shape: Shape, headers: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": REASONS[status]}
    if headers:
        told["headers"] = {name: {"description": text, "schema": TEXT} for name, text in headers.items()}
    if isinstance(shape, str):
        told["content"] = {shape: {}}
    elif isinstance(shape, list):
        told["content"] = {JSON: {"schema": {"type": "array", "items": _reference(shape[0])}}}
    elif shape:
        told["content"] = {JSON: {"schema": _reference(shape)}}
    return told


def _refusal(status: int) -> dict[str, Any]:
    return {"description": REASONS[status], "content": _problem()}


def _problem() -> dict[str, Any]:
    return {PROBLEM_JSON: {"schema": _reference(Problem)}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": SCHEMA.format(model=model.__name__)}


def _schemas() -> dict[str, Any]:
    """The schemas of all documents that a call names, and of what they consist of."""
    bodies = {call.body for call in CALLS.values() if call.body}
    shapes = [shape for call in CALLS.values() for shape in call.answers.values()]
    documents: set[type[BaseModel]] = {shape for shape in shapes if isinstance(shape, type)}
    documents |= {shape[0] for shape in shapes if isinstance(shape, list)}
    named: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in bodies]
    named += [(model, "serialization") for model in documents | {Problem}]
    named.sort(key=lambda one: one[0].__name__)
    _references, schemas = models_json_schema(named, ref_template=SCHEMA)
    found: dict[str, Any] = schemas["$defs"]
    return found
