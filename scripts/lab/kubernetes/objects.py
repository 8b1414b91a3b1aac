"""Objects of the Kubernetes API as plain JSON, and what is common to all kinds of them. Pure."""

from typing import Any

Object = dict[str, Any]

RESTRICTED: Object = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""A container's securityContext within the restricted profile; the user is numeric, as images may name root.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""


def condition(item: Object, kind: str) -> Object:
    """Return an object's condition such as ``Ready``; empty where it has none (yet)."""
    conditions: list[Object] = item.get("status", {}).get("conditions") or []
    return next((entry for entry in conditions if entry.get("type") == kind), {})


def condition_status(item: Object, kind: str) -> str:
    """Return a condition's status: ``True``, ``False``, ``Unknown``, or nothing where there is none."""
    return str(condition(item, kind).get("status", ""))


def is_condition_true(item: Object, kind: str) -> bool:
    """Tell whether a condition is True; one that is Unknown or not there is not."""
    return condition_status(item, kind) == "True"


def pod_path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{name}"
