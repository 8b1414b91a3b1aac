"""Explain what the API server, or a controller on its behalf, refused: the texts are in ``refusals.yaml``. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from lab.deploy.causes.case import Diagnosis
from lab.deploy.manifests import Manifest, ref_of
from lab.deploy.schema import QUOTE, Problem
from lab.errors import BadInput, LabError
from lab.kubernetes.client import ApiError

_SHOWN = 5
_MAPS = r"(\b(?:labels|annotations|data|requests|limits|hard|selector|matchLabels))\..*"
"""Fields whose own fields are anybody's."""


def refused(subject: str, namespace: str, message: str, limit_ranges: str = "") -> Diagnosis:
    """Explain why the API server, or a controller on its behalf, was not allowed to make an object."""
    entry, match = next(
        (entry, match) for entry in _data()["refused"] if (match := re.search(entry["pattern"], message, re.DOTALL))
    )
    values = {
        "where": f" -n {namespace}" if namespace else "",
        "namespace": namespace or "default",
        "limit_ranges": limit_ranges or "of its namespace",
        "message": message,
    }
    groups = match.groups()
    detail, command = entry["detail"].format(*groups, **values), entry["command"].format(*groups, **values)
    return Diagnosis(entry["cause"], subject, detail, command)


def explain(item: Manifest, error: ApiError, problems: Sequence[Problem], limit_ranges: str = "") -> LabError:
    """Return what to say of an object that was refused: file, line, field and what would be right.

    ``problems`` are those with its fields and types, where the server found some.
    """
    ref = ref_of(item)
    found = list(problems) or [_problem(cause, item) for cause in error.causes if cause.get("field")]
    if not found or _by_policy(error.message):
        subject = f"{item.where('metadata.name')}: {ref}" if item.source else str(ref)
        cause = refused(subject, ref.namespace, error.message, limit_ranges)
        is_plain = cause.cause == "refused" and "events" in cause.next_command
        check = f"kubectl apply --dry-run=server -f {item.source}" if item.fields else cause.next_command
        return LabError(cause.sentence, check if is_plain else cause.next_command)
    lines = [f"{item.where(problem.path)}: {_as_written(problem, item)}" for problem in found[:_SHOWN]]
    more = f" (and {len(found) - _SHOWN} more)" if len(found) > _SHOWN else ""
    return BadInput("; ".join(lines) + more, _next_command(item, found[0], error))


def _as_written(problem: Problem, item: Manifest) -> Problem:
    """Say what to quote as the file has it: ``no``, where the value is ``False``."""
    place = item.field(problem.path)
    if problem.right != QUOTE or not place or not place.text:
        return problem
    return replace(problem, right=f'{QUOTE}: "{place.text}"')


def _by_policy(message: str) -> bool:
    return refused("", "", message).cause in {"policy", "quota", "security", "limits"}


def _next_command(item: Manifest, problem: Problem, error: ApiError) -> str:
    ref = ref_of(item)
    if re.search(_data()["immutable"], error.message):
        where = f" -n {ref.namespace}" if ref.namespace else ""
        return f"this cannot be changed on an object that exists: kubectl delete {ref}{where}, then deploy again"
    path = re.sub(r"\[[^\]]*\]", "", problem.path)
    known = path.rpartition(".")[0] if problem.text == "is unknown" else re.sub(_MAPS, r"\1", path)
    return f"kubectl explain {'.'.join(filter(None, [ref.kind.lower(), known]))}"


def _problem(cause: Any, item: Manifest) -> Problem:
    message = re.sub(r",? ?regex used for validation is '[^']*'", "", cause["message"]).replace(",  or", " or")
    message = message.replace("Invalid value", "is").replace("Unsupported value", "is").replace("is: ", "is ", 1)
    message = message.replace("Required value", "is missing").replace("Not found: ", "names what is not there: ")
    path, right = _exactly(cause["field"], message, item), _right(f"{cause['field']}: {cause['message']}", item)
    return Problem(path, message, right)


def _exactly(path: str, message: str, item: Manifest) -> str:
    """Return the path of the one value that is meant below a field, where the message has it."""
    value = re.match(r'is "([^"]+)"', message)
    below = (
        (name for name, place in item.fields.items() if name.startswith(f"{path}.") and place.text == value[1])
        if value
        else ()
    )
    return next(iter(below), path)


def _right(message: str, item: Manifest) -> str:
    if match := re.search(r'Unsupported value: "([^"]*)": supported values: (.*)', message):
        supported = {value.lower(): value for value in re.findall(r'"([^"]*)"', match[2])}
        close = get_close_matches(match[1].lower(), supported, 1, 0.5)
        return f"did you mean {supported[close[0]]}?" if close else ""
    if match := re.search(r'Invalid value: "([^"]+)": a (?:lowercase RFC 1123|DNS-1035)', message):
        return f"such as {re.sub('[^a-z0-9-]+', '-', match[1].lower()).strip('-') or 'cats'}"
    if "volumeMounts" in message and "Not found" in message:
        volumes = (item.get("spec") or {}).get("volumes") or []
        names = ", ".join(str(volume.get("name")) for volume in volumes)
        return f"the volumes are {names}" if names else "there are no spec.volumes"
    return next((right for pattern, right in _data()["right"] if re.search(pattern, message)), "")


@cache
def _data() -> Any:
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    return yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text("utf-8"))
