"""What a fault may be given in this very container."""

from typing import Any

import msgspec

from backend.cgroup import Usage
from backend.faults.catalogue import CATALOGUE, Name, Values
from service_runtime.responses import BadInput

MEBIBYTE = 1 << 20
UNLIMITED_MEBIBYTES = 256
BEYOND_MEBIBYTES = 16
"""More than the limit, so that it can be passed."""
UNLIMITED_CORES = 1.0


class Bound(msgspec.Struct, frozen=True):
    """One value: what it is when it is not given, and between what it may be."""

    default: float
    minimum: float
    maximum: float
    unit: str


Caps = dict[str, float]
"""The most that a container can be asked for, by the value's name."""


def caps(usage: Usage) -> Caps:
    """Return the most that this container may burn and take: its limits, or little where it has none."""
    limit = usage.memory.limit_bytes
    memory = UNLIMITED_MEBIBYTES if limit is None else limit // MEBIBYTE + BEYOND_MEBIBYTES
    return {"cores": usage.cpu.limit_cores or UNLIMITED_CORES, "mebibytes": memory}


def bounds(name: Name, caps: Caps) -> dict[str, Bound]:
    """Return the bounds of the fault's values here, from the very type that validates them."""
    schema = msgspec.json.schema(CATALOGUE[name].values)
    properties = next(iter(schema["$defs"].values()))["properties"]
    return {value: _bound(described, caps.get(value)) for value, described in properties.items()}


def _bound(described: dict[str, Any], cap: float | None) -> Bound:
    maximum = described["maximum"] if cap is None else min(described["maximum"], cap)
    return Bound(min(described["default"], maximum), described["minimum"], maximum, described["x-unit"])


def values(name: Name, body: bytes, caps: Caps) -> Values:
    """Return the values in a JSON object, and defaults for the others. Raises BadInput."""
    bounds_here = bounds(name, caps)
    try:
        fields = msgspec.json.decode(body or b"{}", type=dict[str, Any])
        defaults = {value: bound.default for value, bound in bounds_here.items()}
        chosen = msgspec.convert(defaults | fields, CATALOGUE[name].values, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The fault {name} cannot have this: {error}") from None
    for value, bound in bounds_here.items():
        if getattr(chosen, value) > bound.maximum:
            most = f"{bound.maximum:g} {bound.unit}"
            raise BadInput(f"The fault {name} cannot have this: {value} is {most} at most in this container.")
    return chosen
