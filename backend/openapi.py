"""The contract, as OpenAPI 3.1: schemas come from the very types that validate and answer."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, Response

from backend.cats.api import Encounter, PortraitQuery, Seed, Wall, WallQuery
from backend.faults.api import Begun, Overview, PodQuery
from backend.faults.known import KNOWN
from backend.health import Report
from backend.house import House
from backend.identity import NAME, Version, WhoAmI
from backend.replies import Problem, encode
from backend.state import state

routes = Blueprint("openapi", __name__)

JSON = "application/json"
ANSWERS: dict[str, Any] = {
    "Version": Version,
    "Health": Report,
    "WhoAmI": WhoAmI,
    "Wall": Wall,
    "Encounter": Encounter,
    "House": House,
    "Overview": Overview,
    "Begun": Begun,
    "Problem": Problem,
}


@cache
def document(version: str) -> bytes:
    """Return the description of all endpoints as JSON."""
    kinds = (*ANSWERS.values(), *(kind.values for kind in KNOWN.values()), WallQuery, PortraitQuery)
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return encode(
        {
            "openapi": "3.1.0",
            "info": {"title": NAME, "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
            "paths": _paths(),
            "components": {"schemas": schemas, "responses": {"Problem": _content(Problem, "application/problem+json")}},
        }
    )


def _paths() -> dict[str, Any]:
    probes = {f"/{name}": _get(f"Is it {word}?", Report, extra=_unwell()) for name, word in _PROBES.items()}
    return {
        "/version": _get("Which software is this?", Version),
        **probes,
        "/whoami": _get("Which Pod is this, and how does it fare?", WhoAmI),
        "/metrics": {"get": _operation("Figures for Prometheus.", _media("text/plain"))},
        "/openapi.json": {"get": _operation("This description.", _media(JSON))},
        "/cats/{seed}.svg": _portrait(),
        "/api/cats": {
            "get": _operation("The cats of a wall.", _content(Wall, JSON), _query(WallQuery), bad_input=True)
        },
        "/api/cats/{seed}/encounters": {
            "post": _operation("Meet a cat.", _content(Encounter, JSON), [_seed()], bad_input=True)
        },
        "/api/house": _get("The whole house: its Pods, its visitors, their memory.", House),
        "/faults": {
            "get": _operation(
                "The faults that are on, and all that there are; 404 unless FAULTS=on.", _content(Overview, JSON)
            ),
            "delete": _done("Switch every fault off.", _query(PodQuery)),
        },
        "/faults/{name}": _fault(),
    }


def _fault() -> dict[str, Any]:
    parameters = [{"name": "name", "in": "path", "required": True, "schema": {"enum": list(KNOWN)}}, *_query(PodQuery)]
    begin = _operation("Switch a fault on, for a while.", _content(Begun, JSON), parameters, bad_input=True)
    begin["responses"]["202"] = begin["responses"].pop("200")
    # Which of them it is follows from the fault's name.
    bodies = dict.fromkeys(f"#/components/schemas/{kind.values.__name__}" for kind in KNOWN.values())
    begin["requestBody"] = {"content": {JSON: {"schema": {"anyOf": [{"$ref": body} for body in bodies]}}}}
    return {"post": begin, "delete": _done("Switch a fault off.", parameters)}


def _done(summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    operation = _operation(summary, {}, parameters)
    operation["responses"]["204"] = {"description": "Done."}
    del operation["responses"]["200"]
    return operation


_PROBES = {"livez": "alive", "healthz": "alive", "readyz": "ready", "startupz": "started"}


def _portrait() -> dict[str, Any]:
    parameters = [_seed(), *_query(PortraitQuery)]
    drawn = _media("image/svg+xml")
    return {"get": _operation("A cat, drawn from its seed.", drawn, parameters, bad_input=True)}


def _get(summary: str, kind: type, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    operation = _operation(summary, _content(kind, JSON))
    operation["responses"] |= extra or {}
    return {"get": operation}


def _operation(
    summary: str, answer: dict[str, Any], parameters: list[dict[str, Any]] | None = None, *, bad_input: bool = False
) -> dict[str, Any]:
    problem = {"$ref": "#/components/responses/Problem"}
    responses = {"200": answer} | ({"400": problem} if bad_input else {}) | {"default": problem}
    return {"summary": summary, "parameters": parameters or [], "responses": responses}


def _unwell() -> dict[str, Any]:
    return {"503": {**_content(Report, JSON), "description": "A check failed; its reason says why."}}


def _content(kind: type, media_type: str) -> dict[str, Any]:
    return _media(media_type, {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}})


def _media(media_type: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"description": "The answer.", "content": {media_type: body or {}}}


def _seed() -> dict[str, Any]:
    return {"name": "seed", "in": "path", "required": True, "schema": msgspec.json.schema(Seed)}


def _query(kind: type) -> list[dict[str, Any]]:
    _, schemas = msgspec.json.schema_components((kind,), ref_template="#/components/schemas/{name}")
    properties = schemas[kind.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


@routes.get("/openapi.json")
def openapi() -> Response:
    """Describe this service."""
    return Response(document(state().settings.version), content_type=JSON)
