"""The contract, as OpenAPI 3.1: schemas come from the very types that validate and answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response

from service_runtime.responses import Problem, encode

View = TypeVar("View", bound="Callable[..., Response]")

JSON = "application/json"
REF = "#/components/schemas/{name}"
ANYWHERE = (400, 408, 413, 414, 421, 431, 500, 503)
"""What each operation may answer: to what cannot be parsed, is too slow or too large, or is meant for another host."""
CHANGING = (403,)
"""To another site's page that asks for a change."""
WITH_BODY = (415,)
TRY_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class NameConflictError(TypeError):
    """Two different structs have one name, and the document has one place for both."""


@dataclass(frozen=True)
class Operation:
    """One method of one path; `answer` is None where there is no body, or none that a type describes.

    `problems` are the statuses of its own besides those of ANYWHERE, CHANGING and WITH_BODY.
    """

    method: str
    rule: str
    """The path as Flask writes it: `/cats/<seed>.svg`."""
    summary: str
    answer: type | None = None
    media: str | None = JSON
    status: int = 200
    body: tuple[type, ...] = ()
    """One of these."""
    query: type | None = None
    headers: Mapping[str, object] = field(default_factory=dict)
    """The headers that count, each with its type."""
    events: Mapping[str, type] = field(default_factory=dict)
    """What the events of a stream carry."""
    problems: tuple[int, ...] = ()
    unwell: bool = False
    """Answers 503 with the same body."""


class Endpoints(Blueprint):
    """A family of endpoints, each declared once, on its view function: the route and its description."""

    def __init__(self, name: str, parameters: Mapping[str, object] | None = None) -> None:
        """Take the type of each parameter in the family's paths."""
        super().__init__(name, __name__)
        self.parameters = parameters or {}
        self.operations: list[Operation] = []

    def serves(
        self, method: str, rule: str, summary: str, answer: type | None = None, **details: Any
    ) -> Callable[[View], View]:
        """Have the decorated view serve the `Operation` of these fields."""
        operation = Operation(method, rule, summary, answer, **details)

        def register(view: View) -> View:
            self.add_url_rule(operation.rule, view_func=view, methods=[operation.method])
            self.operations.append(operation)
            return view

        return register


@cache
def document(title: str, version: str, families: tuple[Endpoints, ...]) -> bytes:
    """Return the description of all endpoints as JSON. Raises NameConflictError."""
    paths: dict[str, Any] = {}
    structs: dict[type, None] = {}
    for family in families:
        for operation in family.operations:
            description = _description(operation, family.parameters)
            paths.setdefault(_path(operation), {})[operation.method.lower()] = description
            types = (operation.answer, operation.query, *operation.body, *operation.events.values())
            structs |= dict.fromkeys(kind for kind in types if kind)
    return encode(
        {
            "openapi": "3.1.0",
            "info": {"title": title, "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
            "paths": paths,
            "components": {"schemas": _schemas((*structs, Problem)), "responses": _problems()},
        }
    )


def _schemas(structs: tuple[type, ...]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(structs, ref_template=REF)
    # msgspec gives the structs that share a name their full names, to which no reference here leads.
    if conflicts := sorted(name for name in schemas if "." in name):
        raise NameConflictError(f"two structs have one name in the OpenAPI document: {' and '.join(conflicts)}")
    return schemas


def _description(operation: Operation, parameters: Mapping[str, object]) -> dict[str, Any]:
    description: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [*_parameters(operation, parameters), *_query(operation.query)],
        "responses": _responses(operation),
    }
    if operation.body:
        content = {JSON: {"schema": _any_of(operation.body)}}
        description["requestBody"] = {"required": True, "content": content}
    return description


def _path(operation: Operation) -> str:
    return re.sub(r"<(\w+)>", r"{\1}", operation.rule)


def _parameters(operation: Operation, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
    in_path = [("path", name, parameters[name]) for name in re.findall(r"<(\w+)>", operation.rule)]
    in_headers = [("header", name, kind) for name, kind in operation.headers.items()]
    return [
        {"name": name, "in": place, "required": place == "path", "schema": msgspec.json.schema(kind)}
        for place, name, kind in in_path + in_headers
    ]


def _query(kind: type | None) -> list[dict[str, Any]]:
    if kind is None:
        return []
    _, schemas = msgspec.json.schema_components((kind,), ref_template=REF)
    properties = schemas[kind.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


def _responses(operation: Operation) -> dict[str, Any]:
    body = {"schema": _ref(operation.answer)} if operation.answer else {}
    answer: dict[str, Any] = {"description": "Done."} if operation.media is None else _media(operation.media, body)
    if operation.events:
        answer["x-events"] = {name: _ref(kind) for name, kind in operation.events.items()}
    changing = CHANGING if operation.method != "GET" else ()
    statuses = sorted({*ANYWHERE, *changing, *(WITH_BODY if operation.body else ()), *operation.problems})
    problems: dict[str, Any] = {str(status): _problem(status) for status in statuses}
    if operation.unwell:
        problems["503"] = _unwell(answer)
    return {str(operation.status): answer, **problems, "default": _problem()}


def _unwell(answer: dict[str, Any]) -> dict[str, Any]:
    content = answer["content"] | _problems()["Later"]["content"]
    return {"description": "A check failed; its reason says why. Or all connections are taken.", "content": content}


def _problem(status: int | None = None) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{'Later' if status in TRY_LATER else 'Problem'}"}


def _problems() -> dict[str, Any]:
    problem = _media("application/problem+json", {"schema": _ref(Problem)}) | {"description": "What went wrong."}
    header = {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 0}}
    return {"Problem": problem, "Later": problem | {"headers": {"Retry-After": header}}}


def _any_of(kinds: tuple[type, ...]) -> dict[str, Any]:
    return _ref(kinds[0]) if len(kinds) == 1 else {"anyOf": [_ref(kind) for kind in kinds]}


def _ref(kind: type) -> dict[str, Any]:
    return {"$ref": REF.format(name=kind.__name__)}


def _media(media_type: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"description": "The answer.", "content": {media_type: body}}
