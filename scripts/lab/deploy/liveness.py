"""Ask what the liveness probes will ask, as soon as the Pods are Ready: their own first failures take a while."""

from collections.abc import Iterator, Sequence

from lab.deploy.manifests import Manifest, ref_of
from lab.errors import LabError
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.objects import Object
from lab.steps import Report, Step

_PERIOD, _FAILURES = 10, 3
"""What Kubernetes assumes where a probe does not say, in seconds and in a row.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe
"""
_NO_ANSWER = 502
"""The API server's own answer where the Pod did not take the call: a probe may have a longer time-out."""


def step(api: Api, objects: Sequence[Manifest]) -> Step:
    """Return the step that raises LabError where a Pod answers its liveness probe's path with an error."""

    def run(report: Report) -> str:
        asked = 0
        for item in (item for item in objects if item["kind"] == "Pod"):
            for field, container in _containers(item):
                report(str(container.get("name")))
                _ask(api, item, field, container)
                asked += 1
        return f"{asked} asked" if asked else "none by HTTP"

    return Step("Ask as the liveness probes will", run)


def _containers(item: Manifest) -> Iterator[tuple[str, Object]]:
    for number, container in enumerate(item["spec"].get("containers") or []):
        probe = (container.get("livenessProbe") or {}).get("httpGet") or {}
        if probe and str(probe.get("scheme", "HTTP")).upper() == "HTTP" and not probe.get("httpHeaders"):
            yield f"spec.containers[{number}].livenessProbe.httpGet.path", container


def _ask(api: Api, item: Manifest, field: str, container: Object) -> None:
    probe = container["livenessProbe"]
    path = str(probe["httpGet"].get("path") or "/")
    port = number_of(container, probe["httpGet"].get("port"))
    try:
        api.text(f"{ref_of(item).path}:{port}/proxy/{path.lstrip('/')}")
    except ApiError as error:
        if error.code >= _NO_ANSWER:
            return
        seconds = probe.get("periodSeconds", _PERIOD) * probe.get("failureThreshold", _FAILURES)
        what = f"GET {path} on port {port} is answered {error.code}, so kubelet will restart the container"
        where = f"{item.where(field)}: the liveness probe of {container.get('name')}"
        raise LabError(
            f"{where}: {what} every {seconds} s or so", "name a path that the app answers with 200"
        ) from None


def number_of(container: Object, port: object) -> object:
    """Return a port's number: of a name, the container's port of that name."""
    ports = container.get("ports") or []
    return next((each.get("containerPort") for each in ports if each.get("name") == port), port)
