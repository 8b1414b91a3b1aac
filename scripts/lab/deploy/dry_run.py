"""Ask the API server whether it would take an object, and explain why it would not.

https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
"""

from collections.abc import Iterable
from decimal import Decimal

from lab.deploy import refusals, schema
from lab.deploy.manifests import RENDERED, Manifest, Ref, collection, ref_of
from lab.errors import LabError
from lab.kubernetes import pod_status
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.objects import Object
from lab.kubernetes.quantities import exact

_FORBIDDEN = 403
_UNTYPED = {400, 500}
"""What the server answers to fields and types that are wrong: create the one, apply the other."""


def explained(api: Api, item: Manifest, error: ApiError) -> LabError:
    """Say what was refused, after asking what the fields are called, or which LimitRanges there are."""
    problems = schema.problems(api, item) if error.code in _UNTYPED and not error.causes else []
    namespace, limits = ref_of(item).namespace, ""
    if error.code == _FORBIDDEN and namespace:
        names = [each["metadata"]["name"] for each in api.items(f"/api/v1/namespaces/{namespace}/limitranges")]
        limits = " or ".join(names)
    return refusals.explain(item, error, problems, limits)


def ask(api: Api, ref: Ref, item: Object) -> None:
    """Ask whether an object could be applied; of a Pod that is to be replaced, under another name.

    Raises ApiError where it could not. Quota that the replaced Pod has is as good as free.
    """
    if ref.kind != "Pod":
        api.apply(ref.path, item, dryRun="All")
        return
    before = api.get(ref.path)
    if not before:
        api.create(ref.collection, item, dryRun="All")
    elif is_stale(item, before):
        meta = {key: value for key, value in item["metadata"].items() if key != "name"}
        renamed = {**item, "metadata": {**meta, "generateName": f"{ref.name[:50]}-"}}
        try:
            api.create(ref.collection, renamed, dryRun="All")
        except ApiError as error:
            if "exceeded quota" not in error.message:
                raise
            if lacking := _lacking(api.items(collection("ResourceQuota", ref.namespace)), item, before):
                raise ApiError(error.code, error.reason, lacking) from error


def is_stale(item: Object, before: Object) -> bool:
    """Tell whether a Pod is to be replaced: it ended, is ending, or is not as it was rendered."""
    if pod_status.is_ending(before) or not isinstance(item["metadata"]["annotations"], dict):
        return True
    annotations = before["metadata"].get("annotations") or {}
    has_ended = before.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    return has_ended or annotations.get(RENDERED) != item["metadata"]["annotations"][RENDERED]


def _lacking(quotas: Iterable[Object], item: Object, before: Object) -> str:
    """Say which quota has no room for a Pod once the one that it replaces is gone; empty where each has.

    The server names only the first that has none, and counts the Pod that is to go.
    """
    for quota in quotas:
        status = quota.get("status", {})
        for name, hard in status.get("hard", {}).items():
            used, wanted = exact(status.get("used", {}).get(name, "0")) - _usage(before, name), _usage(item, name)
            if wanted and used + wanted > exact(hard):
                amounts = f"{name}={hard}, used by others: {used}, wanted: {wanted}"
                return f"exceeded quota: {quota['metadata']['name']}, {amounts}"
    return ""


def _usage(pod: Object, name: str) -> Decimal:
    """Return what a Pod counts for in a quota, by https://kubernetes.io/docs/concepts/policy/resource-quotas/ ."""
    if name in {"pods", "count/pods"}:
        return Decimal(1)
    kind, _, resource = name.rpartition(".")
    amounts = [each.get("resources") or {} for each in pod["spec"]["containers"]]
    of_kind = (amount.get(kind or "requests") or {} for amount in amounts)
    return sum((exact(str(each.get(resource, "0"))) for each in of_kind), Decimal(0))
