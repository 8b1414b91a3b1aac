"""What an object's fields are called and hold, by the API server's own OpenAPI description. Pure but for reading it.

The server's own refusal of a wrong type names no line, and of an unknown field not the one that was meant.
https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
"""

import base64
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from lab.deploy.yaml_files import join
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object

_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "fields below it",
}
QUOTE = "quote it"
_FEW = 12
_QUANTITY = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a field, and what would be right."""

    path: str
    text: str
    right: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.text}" + (f" ({self.right})" if self.right else "")


def problems(api: Api, item: Object) -> list[Problem]:
    """Compare an object with the description of its kind; empty where nothing is wrong with its fields and types."""
    version = item["apiVersion"]
    document = api.call("GET", f"/openapi/v3/{'apis' if '/' in version else 'api'}/{version}")
    schemas = document["components"]["schemas"]
    group, _, version = f"/{version}".rpartition("/")
    identity = {"group": group.removeprefix("/"), "version": version, "kind": item["kind"]}
    roots = (each for each in schemas.values() if identity in each.get("x-kubernetes-group-version-kind", []))
    root = next(roots, None)
    return list(_Walk(schemas, root).of(root, item, "")) if root else []


@dataclass(frozen=True)
class _Walk:
    schemas: Any
    root: Any

    def of(self, schema: Any, value: Any, path: str) -> Iterator[Problem]:
        name, schema = self._resolved(schema)
        if value is None or ("type" not in schema and not name.endswith("Quantity")):
            return
        if name.endswith("Quantity"):
            yield from _quantity(value, path)
        elif name.endswith("IntOrString"):
            if not isinstance(value, str | int) or isinstance(value, bool):
                yield _wrong_type("string", value, path)
        elif not isinstance(value, _TYPES[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
            yield _wrong_type(schema["type"], value, path, (schema.get("required") or [""])[0])
        elif schema.get("format") == "byte" and not _is_base64(value):
            yield Problem(path, "is no base64", "plain text goes below `stringData:` instead of `data:`")
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                yield from self.of(schema["items"], entry, f"{path}[{index}]")
        elif isinstance(value, dict):
            yield from self._mapping(schema, value, path)

    def _mapping(self, schema: Any, value: Object, path: str) -> Iterator[Problem]:
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        for key, below in value.items():
            if key in known:
                yield from self.of(known[key], below, join(path, key))
            elif other:
                yield from self.of(other, below, join(path, key))
            elif known and "x-kubernetes-preserve-unknown-fields" not in schema:
                yield Problem(join(path, key), "is unknown", self._meant(known, value, key))

    def _meant(self, known: Any, value: Object, key: str) -> str:
        lower = {name.lower(): name for name in known}
        if close := get_close_matches(key.lower(), lower, 1, 0.7):
            return f"did you mean {lower[close[0]]}?"
        if {"name", "value"} <= set(known) and len(value) == 1:
            return f"write `- name: {key}` and, below it, `value: {json.dumps(str(value[key]))}`"
        if place := self._elsewhere(key):
            return f"it belongs to {place}: look at its indentation"
        return f"known are {', '.join(known)}" if len(known) <= _FEW else ""

    def _elsewhere(self, key: str) -> str:
        """Return the field, the nearest to the top, that has one of this name."""
        queue, seen = deque([("", self.root)]), set()
        while queue:
            path, schema = queue.popleft()
            name, schema = self._resolved(schema)
            if name in seen and name:
                continue
            seen.add(name)
            if path and key in schema.get("properties", {}):
                return path
            for each, below in schema.get("properties", {}).items():
                is_list = "items" in below
                queue.append((join(path, each) + "[]" * is_list, below["items"] if is_list else below))
        return ""

    def _resolved(self, schema: Any) -> tuple[str, Any]:
        """Follow a reference; return the name of what it leads to as well."""
        reference = (schema.get("allOf") or [schema])[0].get("$ref", "")
        name = reference.rpartition("/")[2]
        return name, self.schemas[name] if name else schema


def _quantity(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, bool) or not _QUANTITY.fullmatch(str(value)):
        example = (
            "100m or 0.5" if path.endswith("cpu") else "64Mi or 1Gi" if path.endswith(("memory", "storage")) else "1"
        )
        yield Problem(path, f"is {value!r}, and no quantity", f"such as {example}, without a space")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _wrong_type(kind: str, value: Any, path: str, field: str = "") -> Problem:
    if kind == "array":
        right = f'such as ["{value}"]' if isinstance(value, str) else "each entry begins with `- `"
        return Problem(path, "wants a list", right)
    shown = (
        json.dumps(value)
        if isinstance(value, bool | int | float | str)
        else "a list"
        if isinstance(value, list)
        else "fields"
    )
    by_kind = {
        "string": QUOTE if isinstance(value, bool | int | float) else "",
        "object": f"such as `{field}: {value}`" if field and isinstance(value, str | int) else "",
        "integer": "without quotes" if isinstance(value, str) and value.isdigit() else "",
        "boolean": "without quotes" if value in ("true", "false") else "",
    }
    return Problem(path, f"wants {_WORDS[kind]}, and is {shown}", by_kind.get(kind, ""))
