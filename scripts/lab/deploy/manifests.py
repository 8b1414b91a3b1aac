"""What a deployment consists of: objects read from ``k8s/``, with the images that were built, in the order to apply."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, TypeVar

from lab import config, shell
from lab.config import ROOT
from lab.deploy.kinds import KINDS, Discovered, Resource, known, position, unknown
from lab.deploy.yaml_files import Field, documents, join
from lab.errors import BadInput
from lab.kubernetes import client
from lab.kubernetes.objects import Object

_Item = TypeVar("_Item", bound=Object)
Shape = Literal["pods", "app", "scale"]

SHAPES: dict[Shape, str] = {"pods": "default", "app": "chatroulette", "scale": "chatroulette"}
"""Each shape and its namespace."""

SERVERS_OWN = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink")
"""Of an object's metadata: `kubectl get -o yaml` shows it, and only the API server writes it."""
MANAGED_BY = "app.kubernetes.io/managed-by"
SHAPE_LABEL = "chatroulette.lab/shape"
RENDERED = "chatroulette.lab/rendered"
"""The annotation with the digest of an object as it was rendered, by which a changed Pod is told from an equal one."""

CLUSTER_WIDE = frozenset(kind for kind, resource in KINDS.items() if not resource.namespaced)
"""Those of the lab's own kinds that are in no namespace."""

_TOP = {"apiVersion", "kind", "metadata", "spec", "data", "status"}
_EXAMPLE = (
    "an object has `apiVersion:`, `kind:` and `metadata:` at the beginning of a line, and below metadata its name"
)
_SUFFIXES = {".yaml", ".yml", ".json"}
"""What kubectl takes of a folder."""

WITH_FAULTS = frozenset({"k8-chatroulette-back", "k8-chatroulette-front"})
"""The images whose ``FAULTS`` says whether faults may be switched on."""


@dataclass(frozen=True, order=True)
class Ref:
    """Names one object; as text as kubectl does. ``resource`` is given for a kind that is not one of the lab's own."""

    kind: str
    namespace: str
    name: str
    resource: Resource | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"

    @property
    def path(self) -> str:
        return f"{self.collection}/{self.name}"

    @property
    def collection(self) -> str:
        return (self.resource or KINDS[self.kind]).collection(self.namespace)


class Manifest(Object):
    """An object as a file has it; where kustomize put it together, the lines are not known."""

    def __init__(self, item: Object, source: str = "", fields: Mapping[str, Field] | None = None) -> None:
        super().__init__(item)
        self.source, self.fields, self.resource = source, fields or {}, KINDS.get(item.get("kind", ""))

    def field(self, path: str) -> Field | None:
        """Return where a field stands; of one that the file has not, the field around it."""
        path = re.sub(r"\[([^\]\d][^\]]*)\]", r".\1", path)
        while path and path not in self.fields:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.fields.get(path)

    def where(self, path: str = "") -> str:
        """Name the file, the line where it is known, and else the object."""
        place = self.field(path)
        meta = self.get("metadata")
        name = f"{self.get('kind', '')}/{meta.get('name')}".lower() if isinstance(meta, dict) else ""
        return f"{self.source}, line {place.line}" if place else f"{self.source}, {name}".strip(", ")


def collection(kind: str, namespace: str) -> str:
    return KINDS[kind].collection(namespace)


def ref_of(item: Object) -> Ref:
    meta, resource = item["metadata"], item.resource if isinstance(item, Manifest) else KINDS[item["kind"]]
    namespace = meta.get("namespace", "") if resource is None or resource.namespaced else ""
    return Ref(item["kind"], namespace, meta["name"], resource)


def render(
    shape: Shape, references: Mapping[str, str], *, faults: bool = False, discover: Callable[[], Discovered] = dict
) -> list[Manifest]:
    """Return a shape's objects, ready to apply, in order.

    ``references`` gives each image's full reference by its name in the manifests; ``faults`` lets the services' faults
    be switched on; ``discover`` is asked where there is another kind than the lab's own. Raises BadInput for what is
    certain from a file alone to be wrong.
    """
    items = _placed(read(shape), discover)
    objects = [prepared(_with_faults(item, faults=faults), shape, references) for item in items]
    _distinct(objects)
    return in_order(objects)


def in_order(objects: Iterable[_Item]) -> list[_Item]:
    return sorted(objects, key=lambda item: position(item["kind"]))


def read(shape: Shape) -> Iterator[Manifest]:
    """Read the objects of a shape's files, whatever their kinds; raises BadInput."""
    for source, data in _sources(shape):
        for document in documents(source, data):
            for item in _objects(Manifest({"": document.value}, source, document.fields), document.value, ""):
                identify(item)
                yield item


def without_objects(shape: Shape) -> list[str]:
    """List the files of a shape in which nothing stands, or comments alone."""
    return [source for source, data in _sources(shape) if not list(documents(source, data))]


def _sources(shape: Shape) -> list[tuple[str, bytes]]:
    """Read the shape, each text with its name: bare files as they are, the rest through kustomize."""
    if shape == "pods":
        folder = ROOT / "k8s" / "pods"
        files = sorted(file for file in folder.iterdir() if file.suffix in _SUFFIXES and file.is_file())
        return [(str(file.relative_to(ROOT)), file.read_bytes()) for file in files]
    overlay = ROOT / "k8s" / "overlays" / shape
    kubectl = client.kubectl_program(config.load(os.environ).programs)
    kustomize = shell.run([kubectl, "kustomize", overlay], timeout=30, hint=f"look into {overlay}")
    return [(str(overlay.relative_to(ROOT)), kustomize.stdout.encode())]


def _objects(document: Manifest, value: Any, path: str) -> Iterator[Manifest]:
    """Take a list's objects out of it."""
    if not isinstance(value, dict):
        raise BadInput(
            f"{document.where(path)}: {str(value)[:40]!r} is no object",
            "an object begins with `apiVersion:`, `kind:` and `metadata:`, each at the beginning of its line",
        )
    if "items" not in value or not isinstance(value["items"] or [], list):
        places = document.fields.items()
        below = (entry for entry in places if not path or entry[0] == path or entry[0].startswith(f"{path}."))
        yield Manifest(value, document.source, {name[len(path) :].lstrip("."): place for name, place in below})
        return
    for index, item in enumerate(value["items"] or []):
        yield from _objects(document, item, join(path, f"items[{index}]"))


def identify(item: Manifest) -> None:
    """Check what names an object; raises BadInput with the word that was meant."""
    for key in ("apiVersion", "kind", "metadata"):
        if item.get(key) is None:
            written = get_close_matches(key.lower(), [name.lower() for name in item if name not in _TOP], 1, 0.6)
            wrong = next((name for name in item if written and name.lower() == written[0]), "")
            failure = f"{wrong} is unknown" if wrong else f"{key} is missing" + (", or empty" if key in item else "")
            raise BadInput(f"{item.where(wrong or key)}: {failure}", f"did you mean {key}?" if wrong else _EXAMPLE)
    meta = item["metadata"]
    if not isinstance(meta, dict):
        raise BadInput(f"{item.where('metadata')}: metadata has no fields below it", _EXAMPLE)
    values = {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata.name": meta.get("name")}
    if meta.get("namespace") is not None:
        values["metadata.namespace"] = meta["namespace"]
    for path, value in values.items():
        _check_name(item, path, value)


def _check_name(item: Manifest, path: str, value: Any) -> None:
    if value is None or value == "":
        is_generated = path == "metadata.name" and "generateName" in item["metadata"]
        failure = "generateName makes another object at each deploy" if is_generated else f"{path} is missing, or empty"
        raise BadInput(f"{item.where(path)}: {failure}", "give it a name: `metadata:` and, below it, `  name: ...`")
    if not isinstance(value, str):
        place = item.field(path)
        text = place.text if place and place.text else value
        raise BadInput(f"{item.where(path)}: {path} wants text, and {text} is none in YAML", f'quote it: "{text}"')


def _placed(items: Iterable[Manifest], discover: Callable[[], Discovered]) -> Iterator[Manifest]:
    """Find out where the API keeps each object; raises BadInput for a kind that the cluster has not."""
    discovered: Discovered | None = None
    for item in items:
        api_version, kind = item["apiVersion"], item["kind"]
        item.resource = known(api_version, kind)
        if item.resource is None:
            discovered = discover() if discovered is None else discovered
            item.resource = discovered.get((api_version, kind))
        if item.resource is None:
            failure, hint = unknown(api_version, kind, discovered or {})
            raise BadInput(f"{item.where('kind')}: {failure}", hint)
        yield item


def _distinct(items: Iterable[Manifest]) -> None:
    """Refuse an object that is in the files twice."""
    seen: dict[Ref, Manifest] = {}
    for item in items:
        ref = ref_of(item)
        if other := seen.get(ref):
            failure = f"{ref} stands twice: {other.where('metadata.name')} and {item.where('metadata.name')}"
            raise BadInput(failure, "one of the two needs another name")
        seen[ref] = item


def _with_faults(item: Manifest, *, faults: bool) -> Manifest:
    """Set in each container's own environment whether faults may be switched on, whatever its settings say."""
    for container in containers(item):
        if image_name(container["image"]) in WITH_FAULTS and isinstance(container.get("env") or [], list):
            env = container.get("env") or []
            others = [entry for entry in env if not isinstance(entry, dict) or entry.get("name") != "FAULTS"]
            container["env"] = [*others, {"name": "FAULTS", "value": "on" if faults else "off"}]
    return item


def prepared(item: Object, shape: Shape, references: Mapping[str, str]) -> Manifest:
    """Label an object as the lab's, of its shape, with its digest as it was rendered; its images become references."""
    manifest = item if isinstance(item, Manifest) else Manifest(item)
    meta = manifest["metadata"]
    for name in SERVERS_OWN:
        meta.pop(name, None)
    manifest.pop("status", None)
    if manifest["kind"] == "Pod" and isinstance(manifest.get("spec"), dict):
        manifest["spec"].pop("ephemeralContainers", None)
    if manifest.resource and manifest.resource.namespaced:
        meta["namespace"] = meta.get("namespace") or SHAPES[shape]
    _add(meta, "labels", {MANAGED_BY: client.MANAGER, SHAPE_LABEL: shape})
    for pod in _templates(manifest):
        _add(pod, "labels", {MANAGED_BY: client.MANAGER})
    for container in containers(manifest):
        container["image"] = references.get(image_name(container["image"]), container["image"])
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]
    _add(meta, "annotations", {RENDERED: digest})
    return manifest


def _templates(item: Object) -> list[Object]:
    """List the metadata of the Pods that an object makes: they are the lab's too, but no object of the shape."""
    spec = item.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    meta = template.get("metadata") if isinstance(template, dict) else None
    return [meta] if isinstance(meta, dict) else []


def _add(meta: Object, name: str, entries: Mapping[str, str]) -> None:
    """Add to labels or annotations; what is no mapping is left for the API server to refuse."""
    if isinstance(meta.get(name) or {}, dict):
        meta[name] = {**(meta.get(name) or {}), **entries}


def pod_of(item: Object) -> tuple[str, Object]:
    """Return the spec of the Pod that an object is, or makes, and its path; empty for any other object."""
    path, pod = "spec", item.get("spec")
    for key in {"Pod": (), "CronJob": ("jobTemplate", "spec", "template", "spec")}.get(
        item["kind"], ("template", "spec")
    ):
        path, pod = f"{path}.{key}", pod.get(key) if isinstance(pod, dict) else None
    return path, pod if isinstance(pod, dict) else {}


def containers(item: Object) -> list[dict[str, Any]]:
    """List the containers with an image of a Pod, or of an object that makes Pods; they are the object's own."""
    _, pod = pod_of(item)
    lists = [pod.get(name) for name in ("initContainers", "containers")]
    every = [container for each in lists if isinstance(each, list) for container in each]
    return [each for each in every if isinstance(each, dict) and isinstance(each.get("image"), str)]


def image_name(reference: str) -> str:
    name = reference.partition("@")[0]
    return name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name


def left_over(live: Iterable[Ref], rendered: Iterable[Ref]) -> list[Ref]:
    """List what an earlier version of a shape had and this one has not, in the order to delete."""
    return backwards(set(live) - set(rendered))


def backwards(refs: Iterable[Ref]) -> list[Ref]:
    """Sort objects in the order to delete: by kind, the last that was applied first, then by name."""
    return sorted(refs, key=lambda ref: (-position(ref.kind), ref.name))
