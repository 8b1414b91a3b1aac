"""The contract, as OpenAPI 3.1: schemas come from the very types that validate and answer."""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Blueprint, Response

from backend.context import context
from backend.identity import NAME
from backend.operations import EVENT_DATA, HEADERS, OPERATIONS, PARAMETERS, structs
from service_runtime.responses import Problem, encode

if TYPE_CHECKING:
    from backend.operations import Operation

routes = Blueprint("openapi", __name__)

JSON = "application/json"
TRY_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@cache
def document(version: str) -> bytes:
    """Return the description of all endpoints as JSON."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    _, schemas = msgspec.json.schema_components((*structs(), Problem), ref_template="#/components/schemas/{name}")
    return encode(
        {
            "openapi": "3.1.0",
            "info": {"title": NAME, "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
            "paths": paths,
            "components": {"schemas": schemas, "responses": _problems()},
        }
    )


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [*_places(operation.path), *_query(operation.query)],
        "responses": _responses(operation),
    }
    if operation.body:
        content = {JSON: {"schema": _one_of(operation.body)}}
        described["requestBody"] = {"required": not operation.optional_body, "content": content}
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    body = {"schema": _ref(operation.answer)} if operation.answer else {}
    answer: dict[str, Any] = {"description": "Done."} if operation.media is None else _media(operation.media, body)
    if operation.media == "text/event-stream":
        answer["x-events"] = _events()
    problems = {str(status): _problem(status) for status in operation.problems}
    unwell = {"503": {**answer, "description": "A check failed; its reason says why."}} if operation.unwell else {}
    return {str(operation.status): answer, **problems, **unwell, "default": _problem()}


def _events() -> dict[str, Any]:
    return {name: _ref(kind) for name, kind in EVENT_DATA.items()}


def _problem(status: int | None = None) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{'Later' if status in TRY_LATER else 'Problem'}"}


def _problems() -> dict[str, Any]:
    problem = _media("application/problem+json", {"schema": _ref(Problem)}) | {"description": "What went wrong."}
    header = {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 0}}
    return {"Problem": problem, "Later": problem | {"headers": {"Retry-After": header}}}


def _one_of(kinds: tuple[type, ...]) -> dict[str, Any]:
    return _ref(kinds[0]) if len(kinds) == 1 else {"anyOf": [_ref(kind) for kind in kinds]}


def _ref(kind: type) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _media(media_type: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"description": "The answer.", "content": {media_type: body}}


def _places(path: str) -> list[dict[str, Any]]:
    """Return the parameters in the path, and the headers that count there."""
    places = [("path", name) for name in re.findall(r"{(\w+)}", path)]
    headers = [("header", name) for name in HEADERS.get(path, ())]
    return [
        {"name": name, "in": where, "required": where == "path", "schema": msgspec.json.schema(PARAMETERS[name])}
        for where, name in places + headers
    ]


def _query(kind: type | None) -> list[dict[str, Any]]:
    if kind is None:
        return []
    _, schemas = msgspec.json.schema_components((kind,), ref_template="#/components/schemas/{name}")
    properties = schemas[kind.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


@routes.get("/openapi.json")
def openapi() -> Response:
    """Describe this service."""
    return Response(document(context().settings.version), content_type=JSON)
