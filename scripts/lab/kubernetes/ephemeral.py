"""Ephemeral containers: they share a running Pod's network, and cannot be taken out again.

https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
"""

from collections.abc import Sequence

from lab import waiting
from lab.errors import LabError
from lab.kubernetes import client, pod_status
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.objects import RESTRICTED, Object, pod_path

NAME = "lab-verify"
SLEEP = ("sleep", "infinity")
_SLEEP_UNTIL_TERM = ("sh", "-c", "trap exit TERM; while :; do sleep 3600 & wait $!; done")
"""A plain `sleep` as PID 1 would ignore SIGTERM and use its Pod's whole grace period up."""


def container(name: str, image: str, *, target: str = "", command: Sequence[str] = SLEEP) -> Object:
    """Return an ephemeral container; with a target it shares that container's processes."""
    made: Object = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "securityContext": RESTRICTED,
    }
    return {**made, "targetContainerName": target} if target else made


def add(api: Api, namespace: str, pod: str, containers: Sequence[Object], *, timeout: float = 30) -> None:
    """Add ephemeral containers to a Pod, all in one step, and wait until they run.

    Raises LabError where one will never start or the Pod is gone, TimedOut after ``timeout`` seconds.
    """
    path = pod_path(namespace, pod)
    # The patch is shaped like a Pod: the API server ignores any other silently.
    patch = {"spec": {"ephemeralContainers": list(containers)}}
    try:
        api.call("PATCH", f"{path}/ephemeralcontainers", patch, media=client.STRATEGIC)
    except ApiError as error:
        raise _explained(error, api.get(path), containers) from error
    _wait(api, path, [made["name"] for made in containers], timeout)


def _explained(error: ApiError, pod: Object | None, containers: Sequence[Object]) -> LabError:
    """Say where it is an older ephemeral container, not a new one, that Pod security refuses now."""
    every = (pod or {"spec": {}})["spec"].get("ephemeralContainers") or []
    new = {made["name"] for made in containers}
    old = [each["name"] for each in every if f'"{each["name"]}"' in error.message and each["name"] not in new]
    if not pod or not old or "violates PodSecurity" not in error.message:
        return error
    meta = pod["metadata"]
    return LabError(
        f"Pod {meta['name']} has the ephemeral container {', '.join(old)}, which its namespace's Pod security refuses "
        "by now; it cannot be taken out, and no other one added",
        f"make the Pod anew: kubectl delete pod {meta['name']} -n {meta['namespace']}, then `make deploy`",
    )


def ensure(api: Api, pod: Object, image: str, *, timeout: float = 30) -> str:
    """Return the name of the lab's own ephemeral container in a Pod, running; raises as ``add``.

    An ephemeral container stays in its Pod's spec for ever (Kubernetes 1.37), so there is one, which sleeps and is used
    again each time. Another is added only where it has ended, or has another image.
    """
    meta = pod["metadata"]
    name, exists = choose(pod, image)
    if exists:
        _wait(api, pod_path(meta["namespace"], meta["name"]), [name], timeout)
    else:
        made = container(name, image, command=_SLEEP_UNTIL_TERM)
        add(api, meta["namespace"], meta["name"], [made], timeout=timeout)
    return name


def choose(pod: Object, image: str) -> tuple[str, bool]:
    """Name the ephemeral container to use, and tell whether it exists."""
    images = {spec["name"]: spec["image"] for spec in pod["spec"].get("ephemeralContainers") or []}
    ours = [name for name in images if name == NAME or name.startswith(f"{NAME}-")]
    ended = {name for name in ours if pod_status.state(pod_status.container_status(pod, name)) == "terminated"}
    usable = [name for name in ours if name not in ended and images[name] == image]
    if usable:
        return usable[-1], True
    return (f"{NAME}-{len(ours) + 1}" if ours else NAME), False


def _wait(api: Api, path: str, names: Sequence[str], timeout: float) -> None:
    def look() -> tuple[bool, str]:
        pod = api.get(path)
        if pod is None:
            raise LabError(f"the Pod of ephemeral container {names[0]} is gone", "run the same command again")
        states = {name: _started(pod, name) for name in names}
        missing = [f"{name} {state}" for name, state in states.items() if state != "running"]
        return not missing, ", ".join(missing)

    waiting.until(f"ephemeral container {', '.join(names)}", look, timeout=timeout)


def _started(pod: Object, name: str) -> str:
    """Return a container's state in one word; raises LabError where it will never start."""
    status = pod_status.container_status(pod, name)
    reason = pod_status.waiting(status)
    if reason.get("reason") in pod_status.NEVER_STARTS:
        raise LabError(
            f"ephemeral container {name} does not start: {reason.get('message') or reason['reason']}",
            "has the lab's registry its image? `make deploy` puts it there",
        )
    return pod_status.describe(status)
