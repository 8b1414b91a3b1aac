"""What a deployment's files alone say of its Services: one that leads to no Pod, or to no port of one. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from lab.deploy.manifests import Manifest, pod_of
from lab.kubernetes.objects import Object


def notes(objects: Sequence[Manifest]) -> list[str]:
    """Return a line for each Service that cannot answer, as the API server takes it all the same."""
    pods = [pod for item in objects for pod in _pods(item)]
    return [note for item in objects if item["kind"] == "Service" for note in _of_service(item, pods)]


def _pods(item: Manifest) -> Iterator[tuple[str, Object, Object]]:
    """Yield namespace, metadata and spec of the Pod that an object is, or makes."""
    _, pod = pod_of(item)
    template = item if item["kind"] == "Pod" else (item.get("spec") or {}).get("template") or {}
    if pod:
        yield item["metadata"].get("namespace", ""), template.get("metadata") or {}, pod


def _of_service(service: Manifest, pods: Iterable[tuple[str, Object, Object]]) -> Iterator[str]:
    spec, name = service.get("spec") or {}, service["metadata"]["name"]
    selector, namespace = spec.get("selector") or {}, service["metadata"].get("namespace", "")
    if not selector:
        return
    chosen = [
        pod
        for space, meta, pod in pods
        if space == namespace and selector.items() <= (meta.get("labels") or {}).items()
    ]
    if not chosen:
        words = ", ".join(f"{key}={value}" for key, value in selector.items())
        yield f"{service.where('spec.selector')}: Service {name} selects {words}, which no Pod of this deployment has"
        return
    listed = [pod.get("containers") for pod in chosen]
    containers = [each for each_list in listed if isinstance(each_list, list) for each in each_list]
    named = {str(port["name"]) for each in containers for port in each.get("ports") or [] if port.get("name")}
    for place, port in enumerate(spec.get("ports") or []):
        target = port.get("targetPort")
        if isinstance(target, str) and not target.isdigit() and target not in named:
            there = ", ".join(sorted(named)) or "none"
            where = service.where(f"spec.ports[{place}].targetPort")
            yield f"{where}: Service {name} leads to port {target!r}, which no container has (there are: {there})"
