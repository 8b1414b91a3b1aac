"""The kinds of objects: those that the lab's own files have, and the others that the cluster has."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import NamedTuple

from lab.kubernetes.client import Api


class Resource(NamedTuple):
    """Where the API keeps a kind."""

    api: str
    plural: str
    namespaced: bool = True

    def collection(self, namespace: str) -> str:
        """Return the path of a namespace's objects, of all of them where it is empty."""
        return f"{self.api}/namespaces/{namespace}/{self.plural}" if namespace and self.namespaced else self.every

    @property
    def every(self) -> str:
        return f"{self.api}/{self.plural}"


Discovered = Mapping[tuple[str, str], Resource]
"""Resources by apiVersion and kind."""

KINDS: dict[str, Resource] = {
    "Namespace": Resource("/api/v1", "namespaces", namespaced=False),
    "ResourceQuota": Resource("/api/v1", "resourcequotas"),
    "LimitRange": Resource("/api/v1", "limitranges"),
    "ServiceAccount": Resource("/api/v1", "serviceaccounts"),
    "ConfigMap": Resource("/api/v1", "configmaps"),
    "Secret": Resource("/api/v1", "secrets"),
    "PersistentVolume": Resource("/api/v1", "persistentvolumes", namespaced=False),
    "PersistentVolumeClaim": Resource("/api/v1", "persistentvolumeclaims"),
    "NetworkPolicy": Resource("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Service": Resource("/api/v1", "services"),
    "StatefulSet": Resource("/apis/apps/v1", "statefulsets"),
    "Deployment": Resource("/apis/apps/v1", "deployments"),
    "PodDisruptionBudget": Resource("/apis/policy/v1", "poddisruptionbudgets"),
    "HorizontalPodAutoscaler": Resource("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "Pod": Resource("/api/v1", "pods"),
}
"""The kinds of the lab's own files, in the order of apply."""

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_MADE_BY_KUBERNETES = {"Event", "Lease", "ControllerRevision"}


def known(api_version: str, kind: str) -> Resource | None:
    """Return where the lab's own kinds are; None for another kind, or another version of one."""
    resource = KINDS.get(kind)
    return resource if resource and resource.api.split("/", 2)[2] == api_version else None


def position(kind: str) -> int:
    """Return a kind's place in the order of apply, where any other kind comes before Services."""
    order = list(KINDS)
    return 2 * order.index(kind) if kind in KINDS else 2 * order.index("Service") - 1


def discover(api: Api) -> dict[tuple[str, str], Resource]:
    """Ask which kinds the cluster has, a group's preferred version first.

    https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
    """
    resources = {}
    for root in ("/api", "/apis"):
        for group in api.call("GET", root, media=_AGGREGATED)["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                api_version = f"{name}/{version['version']}" if name else version["version"]
                for entry in version.get("resources", []):
                    if {"create", "delete", "list", "patch"} <= set(entry["verbs"]):
                        resource = Resource(f"{root}/{api_version}", entry["resource"], entry["scope"] == "Namespaced")
                        resources[api_version, entry["responseKind"]["kind"]] = resource
    return resources


def others(discovered: Discovered) -> dict[str, Resource]:
    """Return the kinds that people make and the lab's own files do not have, each in one version."""
    found: dict[str, Resource] = {}
    for (_, kind), resource in discovered.items():
        if kind not in KINDS and kind not in _MADE_BY_KUBERNETES:
            found.setdefault(kind, resource)
    return found


def unknown(api_version: str, kind: str, discovered: Discovered) -> tuple[str, str]:
    """Say what is wrong with an apiVersion and a kind that the cluster has not, and what would be right."""
    names = {name for _, name in discovered} | set(KINDS)
    lower = {name.lower(): name for name in names}
    close = get_close_matches(kind.lower(), [*lower, *(f"{name}s" for name in lower)], 1, 0.75)
    meant = lower.get(close[0]) or lower.get(close[0].removesuffix("s")) if close else None
    if not meant:
        return f"there is no kind {kind!r} in {api_version}", "kubectl api-resources lists the kinds"
    versions = [version for version, name in discovered if name == meant]
    if not versions:
        versions = [KINDS[meant].api.split("/", 2)[2]]
    if meant == kind:
        return f"there is no {kind} in apiVersion {api_version!r}", f"its apiVersion is {' or '.join(versions)}"
    return f"there is no kind {kind!r} in {api_version}", f"did you mean {meant}, of {' or '.join(versions)}?"
