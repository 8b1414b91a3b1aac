"""The faults there are: the values of each, its lesson, and in `catalogue.json` its texts."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from backend.cats.words import Both

Name = Literal["readiness", "liveness", "startup", "cpu", "memory", "latency", "errors", "crash", "sigterm", "loopback"]
LONGEST = 300
"""Seconds; no fault lasts longer."""


def _unit(unit: str) -> dict[str, str]:
    return {"x-unit": unit}


Seconds = Annotated[int, Meta(ge=1, le=LONGEST, extra_json_schema=_unit("s"), description="after that it is over")]


class Timed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every fault but a crash is given: how long it lasts."""

    seconds: Seconds = 30


class Counted(Timed, frozen=True, forbid_unknown_fields=True):
    """A fault that ends after so many failed probes, too; 0: only its time counts."""

    probes: Annotated[int, Meta(ge=0, le=100, extra_json_schema=_unit("probes"))] = 0


class Burning(Timed, frozen=True, forbid_unknown_fields=True):
    """How much CPU time is burnt a second."""

    cores: Annotated[float, Meta(ge=0.001, le=256, extra_json_schema=_unit("cores"))] = 1.0


class Taking(Timed, frozen=True, forbid_unknown_fields=True):
    """How much memory is taken, besides what the service needs: by default more than the container may have."""

    mebibytes: Annotated[int, Meta(ge=1, le=1 << 20, extra_json_schema=_unit("MiB"))] = 1 << 20


class Delaying(Timed, frozen=True, forbid_unknown_fields=True):
    """By how much each answer is late."""

    milliseconds: Annotated[int, Meta(ge=1, le=30_000, extra_json_schema=_unit("ms"))] = 1000


class Failing(Timed, frozen=True, forbid_unknown_fields=True):
    """How many answers of a hundred are 500."""

    percent: Annotated[int, Meta(ge=1, le=100, extra_json_schema=_unit("%"))] = 50


class Crashing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The container's exit code."""

    code: Annotated[int, Meta(ge=0, le=255, extra_json_schema=_unit("exit code"))] = 1


Values = Timed | Counted | Burning | Taking | Delaying | Failing | Crashing

VALUES: dict[Name, type[Values]] = {
    "readiness": Counted,
    "liveness": Counted,
    "cpu": Burning,
    "memory": Taking,
    "latency": Delaying,
    "errors": Failing,
    "crash": Crashing,
}
"""What a fault is given; those that are not listed are `Timed`."""


class Lesson(msgspec.Struct, frozen=True):
    """A lesson of the course."""

    id: str
    title: Both


class Fault(msgspec.Struct, frozen=True):
    """One fault: what it does, the lesson it belongs to, what it is given."""

    says: Both
    lesson: Lesson
    values: type[Values]


def _load() -> dict[Name, Fault]:
    texts: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name("catalogue.json").read_bytes())
    lessons = {id_: Lesson(id_, Both(**title)) for id_, title in texts["lessons"].items()}
    faults = {name: texts["faults"][name] for name in get_args(Name)}
    return {
        name: Fault(Both(text["fr"], text["en"]), lessons[text["lesson"]], VALUES.get(name, Timed))
        for name, text in faults.items()
    }


CATALOGUE = _load()
