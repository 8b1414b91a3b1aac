"""An ephemeral container in a Pod: a guest that shares its network, and cannot be taken out again.

The lab looks into the very Pods that are deployed: a copy would prove something of the copy. As an ephemeral container
stays in its Pod's description for ever (Kubernetes 1.37), there is one, ``lab-verify``, which sleeps and is used again
each time; it costs one sleeping process and goes with its Pod. Another is added only where it has ended. It asks for
nothing that the restricted Pod Security profile forbids, and for a numeric user, as busybox would run as root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab import waiting
from lab.errors import LabError
from lab.kubernetes import client

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.deploy.manifests import Object
    from lab.kubernetes.client import Api

NAME = "lab-verify"
IMAGE = "busybox"
_SLEEP = "trap exit TERM; while :; do sleep 3600 & wait $!; done"  # a plain `sleep` as PID 1 would ignore SIGTERM
_NOBODY = 65534


def ensure(api: Api, pod: Object, *, timeout: float = 30) -> str:
    """Return the name of a running ephemeral container in a Pod; one is added where there is none.

    Raises LabError where its image cannot be had, TimedOut after ``timeout`` seconds.
    """
    name, there = choose(pod)
    path = _path(pod)
    if not there:
        api.call("PATCH", f"{path}/ephemeralcontainers", patch(name), media=client.STRATEGIC)
    waiting.until(f"ephemeral container {name}", lambda: _running(api, path, name), timeout=timeout)
    return name


def run(settings: Settings, pod: Object, container: str, *words: str, timeout: float = 30) -> str:
    """Run a command in a container of a Pod and return its output; raises CommandFailed or TimedOut."""
    meta = pod["metadata"]
    target = ("--namespace", meta["namespace"], meta["name"], "--container", container)
    return client.kubectl(settings, "exec", *target, "--", *words, timeout=timeout).stdout


def choose(pod: Object) -> tuple[str, bool]:
    """Name the ephemeral container to use, and tell whether it is there already."""
    ended = {one["name"] for one in _statuses(pod) if "terminated" in one.get("state", {})}
    known = [one["name"] for one in pod["spec"].get("ephemeralContainers") or []]
    ours = [name for name in known if name == NAME or name.startswith(f"{NAME}-")]
    usable = [name for name in ours if name not in ended]
    if usable:
        return usable[-1], True
    return (f"{NAME}-{len(ours) + 1}" if ours else NAME), False


def patch(name: str, image: str = IMAGE) -> dict[str, Any]:
    """Return what adds an ephemeral container: shaped like a Pod, or the API server would ignore it without a word."""
    rights = {
        "runAsNonRoot": True,
        "runAsUser": _NOBODY,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", _SLEEP]}
    return {"spec": {"ephemeralContainers": [{**container, "securityContext": rights}]}}


def _running(api: Api, path: str, name: str) -> tuple[bool, str]:
    found = api.get(path)
    if found is None:
        raise LabError(f"the Pod of ephemeral container {name} is gone", "run it again: `make verify`")
    state: dict[str, Any] = next((one.get("state", {}) for one in _statuses(found) if one["name"] == name), {})
    waits = state.get("waiting", {})
    if waits.get("reason") in {"ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError", "RunContainerError"}:
        raise LabError(
            f"ephemeral container {name} does not start: {waits.get('message') or waits['reason']}",
            f"has the lab's registry the image {IMAGE}? `make deploy` puts it there",
        )
    return "running" in state, waits.get("reason", "") or ", ".join(state) or "not seen by kubelet yet"


def _statuses(pod: Object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pod.get("status", {}).get("ephemeralContainerStatuses") or []
    return found


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
