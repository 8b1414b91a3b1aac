"""Try the images of Pods that are to be replaced, on the node, before the running ones are deleted.

A Pod cannot be updated in place, so its replacement costs the running one: an image that nobody has is found out first.
"""

from collections.abc import Iterator, Sequence

from lab import shell
from lab.config import Settings
from lab.deploy import dry_run
from lab.deploy.causes.case import explained
from lab.deploy.manifests import Manifest, ref_of
from lab.errors import LabError
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object
from lab.steps import Report, Step

_PULL_SECONDS = 300
_LISTS = ("initContainers", "containers")


def step(settings: Settings, api: Api, objects: Sequence[Manifest]) -> Step:
    """Return the step that raises LabError where the node cannot have an image of a Pod that is to be replaced."""

    def run(report: Report) -> str:
        tried = []
        for item, field, container in _containers(api, objects):
            report(str(container.get("image")))
            _try(settings, item, field, container)
            tried.append(str(container.get("image")))
        return ", ".join(dict.fromkeys(tried)) or "no Pod is replaced"

    return Step("Try the images", run)


def _containers(api: Api, objects: Sequence[Manifest]) -> Iterator[tuple[Manifest, str, Object]]:
    """Yield the containers of the Pods that are to be replaced, but for those with a secret for their registry."""
    for item in objects:
        before = api.get(ref_of(item).path) if item["kind"] == "Pod" else None
        if before and dry_run.is_stale(item, before) and not item["spec"].get("imagePullSecrets"):
            for key in _LISTS:
                for number, container in enumerate(item["spec"].get(key) or []):
                    yield item, f"spec.{key}[{number}].image", container


def _try(settings: Settings, item: Manifest, field: str, container: Object) -> None:
    image, policy = str(container.get("image")), container.get("imagePullPolicy")
    is_there = _is_on_node(settings, image)
    if is_there and policy != "Always":
        return
    if policy == "Never":
        what = f"the node does not have {image}, and imagePullPolicy: Never keeps it from pulling it"
        raise LabError(f"{item.where(field)}: {what}. Nothing was changed", "imagePullPolicy: IfNotPresent pulls it")
    done = _crictl(settings, "pull", image)
    if done.code:
        reason = done.stderr.strip().rpartition(" desc = ")[2].rstrip('"').replace('\\"', '"')
        why = explained(reason or done.stdout.strip(), "runtime")
        hint = "mend the name and the tag of the image; `kubectl get pods` shows that the running Pod went on"
        raise LabError(f"{item.where(field)}: the node cannot pull {image}: {why}. Nothing was changed", hint)


def _is_on_node(settings: Settings, image: str) -> bool:
    return _crictl(settings, "inspecti", "--quiet", image).code == 0


def _crictl(settings: Settings, *args: str) -> shell.Completed:
    """Ask the node's containerd as kubelet does, with the same registries."""
    return shell.run(["docker", "exec", settings.node, "crictl", *args], timeout=_PULL_SECONDS, check=False)
