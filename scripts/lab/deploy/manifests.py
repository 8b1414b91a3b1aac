"""What a deployment consists of: objects read from ``k8s/``, with the images that were built, in the order to apply."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lab import shell
from lab.config import ROOT
from lab.errors import BadInput
from lab.kubernetes import client
from lab.kubernetes.objects import Object

Shape = Literal["pods", "app", "scale"]

SHAPES: dict[Shape, str] = {"pods": "default", "app": "chatroulette", "scale": "chatroulette"}
"""Each shape and its namespace."""

SHAPE_LABEL = "chatroulette.lab/shape"
RENDERED = "chatroulette.lab/rendered"
"""The annotation with the digest of an object as it was rendered, by which a changed Pod is told from an equal one."""

KINDS: dict[str, tuple[str, str]] = {
    "Namespace": ("/api/v1", "namespaces"),
    "ResourceQuota": ("/api/v1", "resourcequotas"),
    "LimitRange": ("/api/v1", "limitranges"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Secret": ("/api/v1", "secrets"),
    "PersistentVolume": ("/api/v1", "persistentvolumes"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Service": ("/api/v1", "services"),
    "StatefulSet": ("/apis/apps/v1", "statefulsets"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
    "HorizontalPodAutoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "Pod": ("/api/v1", "pods"),
}
"""Every kind that a shape may hold, and where the API keeps it, in the order of apply; deletion goes backwards."""

CLUSTER_WIDE = frozenset({"Namespace", "PersistentVolume"})
"""The kinds that are in no namespace."""

WITH_FAULTS = frozenset({"k8-chatroulette-back", "k8-chatroulette-front"})
"""The images whose ``FAULTS`` says whether faults may be switched on."""


@dataclass(frozen=True, order=True)
class Ref:
    """Names one object; as text as kubectl does."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"

    @property
    def path(self) -> str:
        return f"{collection(self.kind, self.namespace)}/{self.name}"


def collection(kind: str, namespace: str) -> str:
    group, plural = KINDS[kind]
    return f"{group}/{plural}" if kind in CLUSTER_WIDE else f"{group}/namespaces/{namespace}/{plural}"


def ref_of(item: Object) -> Ref:
    meta = item["metadata"]
    return Ref(item["kind"], "" if item["kind"] in CLUSTER_WIDE else meta.get("namespace", ""), meta["name"])


def render(shape: Shape, references: Mapping[str, str], *, faults: bool = False) -> list[Object]:
    """Return a shape's objects, ready to apply, in order.

    ``references`` gives each image's full reference by its name in the manifests; ``faults`` lets the services' faults
    be switched on. Raises BadInput for a file that is no manifest, or an unknown kind.
    """
    objects = [item for source, text in _sources(shape) for item in _documents(source, text)]
    return in_order(prepared(_with_faults(item, faults=faults), shape, references) for item in objects)


def in_order(objects: Iterable[Object]) -> list[Object]:
    return sorted(objects, key=lambda item: list(KINDS).index(item["kind"]))


def _sources(shape: Shape) -> list[tuple[str, str]]:
    """Read the shape, each text with its name: bare files as they are, the rest through kustomize."""
    if shape == "pods":
        files = sorted((ROOT / "k8s" / "pods").glob("*.yaml"))
        return [(str(file.relative_to(ROOT)), file.read_text()) for file in files]
    overlay = ROOT / "k8s" / "overlays" / shape
    kustomize = shell.run([client.kubectl_program(), "kustomize", overlay], timeout=30, hint=f"look into {overlay}")
    return [(str(overlay), kustomize.stdout)]


def _documents(source: str, text: str) -> Iterator[Object]:
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    try:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadInput(f"{source}{line} is no YAML: {error.problem}", "mend that line, or the one above it") from None
    for item in documents:
        if not isinstance(item, dict) or item.get("kind") not in KINDS:
            failure = f"{source} holds an object that the lab cannot place: {str(item)[:80]}"
            raise BadInput(failure, f"known: {', '.join(KINDS)}")
        yield item


def _with_faults(item: Object, *, faults: bool) -> Object:
    """Set in each container's own environment whether faults may be switched on, whatever its settings say."""
    for container in containers(item):
        if image_name(container["image"]) in WITH_FAULTS:
            others = [variable for variable in container.get("env", []) if variable["name"] != "FAULTS"]
            container["env"] = [*others, {"name": "FAULTS", "value": "on" if faults else "off"}]
    return item


def prepared(item: Object, shape: Shape, references: Mapping[str, str]) -> Object:
    """Label an object as the lab's, of its shape, with its digest as it was rendered; its images become references."""
    meta = item["metadata"]
    if item["kind"] not in CLUSTER_WIDE:
        meta.setdefault("namespace", SHAPES[shape])
    meta["labels"] = {**meta.get("labels", {}), "app.kubernetes.io/managed-by": client.MANAGER, SHAPE_LABEL: shape}
    for container in containers(item):
        container["image"] = references.get(image_name(container["image"]), container["image"])
    digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()[:16]
    meta["annotations"] = {**meta.get("annotations", {}), RENDERED: digest}
    return item


def containers(item: Object) -> list[dict[str, Any]]:
    """List the containers of a Pod, or of an object that makes Pods; the dictionaries are the object's own."""
    spec = item.get("spec") or {}
    pod = spec if item["kind"] == "Pod" else spec.get("template", {}).get("spec", {})
    return [*pod.get("initContainers", []), *pod.get("containers", [])]


def image_name(reference: str) -> str:
    name = reference.partition("@")[0]
    return name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name


def left_over(live: Iterable[Ref], rendered: Iterable[Ref]) -> list[Ref]:
    """List what an earlier version of a shape had and this one has not, in the order to delete."""
    return backwards(set(live) - set(rendered))


def backwards(refs: Iterable[Ref]) -> list[Ref]:
    """Sort objects in the order to delete: by kind, the last that was applied first, then by name."""
    order = list(KINDS)
    return sorted(refs, key=lambda ref: (-order.index(ref.kind), ref.name))
