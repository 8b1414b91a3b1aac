"""What is certain from a deployment's files alone, though the API server takes them: told before any change."""

from collections.abc import Iterator, Sequence

from lab.deploy import services_wiring
from lab.deploy.causes import spec
from lab.deploy.manifests import SERVERS_OWN, Manifest, pod_of
from lab.errors import BadInput
from lab.kubernetes.objects import Object


def check(objects: Sequence[Manifest]) -> list[str]:
    """Return notes on what will not do what it seems to; raises BadInput where a container could never be Ready."""
    for item in objects:
        for path, container in _containers(item):
            _refuse(item, path, container)
    notes = [note for item in objects for note in (*_pasted(item), *_many_cores(item))]
    return [*notes, *services_wiring.notes(objects)]


def _containers(item: Manifest) -> Iterator[tuple[str, Object]]:
    path, pod = pod_of(item)
    for kind in ("initContainers", "containers"):
        listed = pod.get(kind)
        for index, container in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(container, dict):
                yield f"{path}.{kind}[{index}]", container


def _refuse(item: Manifest, path: str, container: Object) -> None:
    kind, port = spec.unknown_port(container)
    if port and kind != "liveness":
        names = [str(each["name"]) for each in container.get("ports") or [] if each.get("name")]
        raise BadInput(
            f"{item.where(f'{path}.{kind}Probe')}: the {kind} probe asks for port {port!r}, a name that the container "
            "does not have: it would never be Ready. Nothing was changed",
            f"its ports have these names: {', '.join(names)}" if names else "give it `ports:` with a name, or a number",
        )
    limit, meant = spec.too_little_memory(container)
    if limit:
        raise BadInput(
            f"{item.where(f'{path}.resources.limits.memory')}: {limit} of memory is less than any container starts "
            "with (m is for thousandths of a byte, no unit for bytes). Nothing was changed",
            f"{meant} may be meant",
        )


def _many_cores(item: Manifest) -> Iterator[str]:
    for path, container in _containers(item):
        asked, meant = spec.too_many_cores(container)
        if asked:
            yield f"{item.where(f'{path}.resources')}: {asked} of cpu is in cores; {meant}, thousandths, may be meant"


def _pasted(item: Manifest) -> Iterator[str]:
    """Name what `kubectl get -o yaml` shows and only the API server writes."""
    paths = [*(f"metadata.{name}" for name in SERVERS_OWN), "spec.ephemeralContainers", "status"]
    there = [path for path in paths if path in item.fields]
    if there:
        yield f"{item.where(there[0])}: only the API server writes {', '.join(there)}; left out"
