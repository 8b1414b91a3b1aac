"""Ask the API server about a whole deployment before the first change, by dry runs.

https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
"""

import copy
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lab.deploy import apply, certain, dry_run
from lab.deploy.manifests import Manifest, Ref, ref_of
from lab.errors import LabError
from lab.kubernetes import pod_status
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.objects import Object
from lab.steps import Report


def check(api: Api, objects: Sequence[Manifest], leaving: Sequence[Ref], report: Report) -> str:
    """Raise LabError where the API server would refuse one of the objects; nothing is changed then.

    ``leaving`` is removed before they are applied. A new namespace is made, as nothing can be asked about what is in
    one that is not there, and removed again where something is refused.
    """
    for note in certain.check(objects):
        report.note(note)
    made = apply.apply_all(api, [item for item in objects if _is_new_namespace(api, item)], report)
    ports = _node_ports(api, leaving)
    others = [item for item in objects if item["kind"] != "Namespace" or not made]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda item: _ask(api, item, objects, ports), others))
    errors = [answer for answer in answers if isinstance(answer, LabError)]
    if errors:
        apply.remove(api, [change.ref for change in made], report)
        what = ". ".join(error.what for error in errors)
        raise type(errors[0])(f"{what}. Nothing was changed", errors[0].hint) from errors[0]
    for item, answer in zip(others, answers, strict=True):
        for warning in answer if isinstance(answer, list) else []:
            report.note(f"{item.where(_field(warning))}: {warning}")
    return ", ".join([f"{len(objects)} objects, none refused", *(f"{change.ref} {change.what}" for change in made)])


def _is_new_namespace(api: Api, item: Object) -> bool:
    if item["kind"] != "Namespace":
        return False
    live = api.get(ref_of(item).path)
    return live is None or pod_status.is_ending(live)


def _node_ports(api: Api, leaving: Sequence[Ref]) -> set[int]:
    services = [api.get(ref.path) for ref in leaving if ref.kind == "Service"]
    return {port.get("nodePort", 0) for service in services if service for port in service["spec"].get("ports", [])}


def _field(warning: str) -> str:
    return warning.partition(":")[0] if re.match(r"(spec|metadata)\b", warning) else ""


def _ask(api: Api, item: Manifest, objects: Sequence[Object], ports: set[int]) -> LabError | list[str]:
    """Return the server's warnings, or how it would refuse the object."""
    warnings: list[str] = []
    try:
        dry_run.ask(api.noting(warnings), ref_of(item), _standing_alone(item, objects, ports))
    except ApiError as error:
        return dry_run.explained(api, item, error)
    return warnings


def _standing_alone(item: Manifest, objects: Sequence[Object], ports: set[int]) -> Object:
    """Return an object without what only the rest of the deployment, or of the one before it, makes possible."""
    alone: Object = copy.deepcopy(dict(item))
    names = {(each["kind"], each["metadata"]["name"]) for each in objects}
    spec = alone.get("spec")
    if item["kind"] == "Pod" and isinstance(spec, dict):
        for field, kind in (("serviceAccountName", "ServiceAccount"), ("priorityClassName", "PriorityClass")):
            if (kind, str(spec.get(field))) in names:
                del spec[field]
    if item["kind"] == "Service" and isinstance(spec, dict) and isinstance(spec.get("ports"), list):
        for port in spec["ports"]:
            if isinstance(port, dict) and port.get("nodePort") in ports:
                del port["nodePort"]
    return alone
