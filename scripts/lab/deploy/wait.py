"""Wait until what was applied is Ready; give up early, with the cause, where it will not become so by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab import waiting
from lab.deploy import diagnose
from lab.deploy.manifests import Ref, collection, ref
from lab.errors import LabError, TimedOut
from lab.kubernetes.client import ApiError
from lab.kubernetes.objects import condition, is_condition_true

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.deploy.diagnose import Diagnosis
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

_TAIL = 10
_NO_LOG = "unable to retrieve container logs"  # what kubelet answers, with 200, for a container that is gone
_WORKLOADS = ("Pod", "Deployment", "StatefulSet")


@dataclass(frozen=True)
class State:
    """How far one object is; ``pods`` are the Pods to ask where it is not Ready."""

    ready: bool
    text: str
    pods: tuple[Object, ...] = ()
    refusal: str = ""


@dataclass
class _Patience:
    """Believes a cause that was seen for as long as it asks, without a break."""

    now: Callable[[], float] = time.monotonic
    since: dict[tuple[str, str], float] = field(default_factory=dict)

    def believed(self, seen: Iterable[Diagnosis]) -> Diagnosis | None:
        found = {(one.subject, one.cause): one for one in seen}
        self.since = {key: self.since.get(key, self.now()) for key in found}
        return next((one for key, one in found.items() if self.now() - self.since[key] >= one.patience), None)


def until_ready(api: Api, objects: Iterable[Object], *, timeout: float, say: Callable[[str], None]) -> str:
    """Wait until every Pod, Deployment and StatefulSet among the objects is Ready.

    Raises LabError with the cause and the next command as soon as one is sure not to become Ready, and after
    ``timeout`` seconds TimedOut with the cause where one is seen.
    """
    refs = [ref(item) for item in objects if item["kind"] in _WORKLOADS]
    patience = _Patience()
    causes: list[Diagnosis] = []

    def look() -> tuple[bool, str]:
        states = {one: observe(api, one) for one in refs}
        causes[:] = [cause for one, state in states.items() for cause in why_not(api, one, state)]
        sure = patience.believed(causes)
        if sure:
            raise LabError(sure.sentence, sure.next_command)
        text = ", ".join(f"{one} {state.text}" for one, state in states.items() if not state.ready)
        return not text, text or "all Ready"

    try:
        return waiting.until("every Pod to be Ready", look, timeout=timeout, saw=say)
    except TimedOut as late:
        seen = causes[0].sentence if causes else late.last
        command = causes[0].next_command if causes else f"kubectl get pods,events -n {refs[0].namespace}"
        raise TimedOut(late.waiting_for, late.seconds, seen, command) from None


def ready_already(api: Api, objects: Iterable[Object]) -> bool:
    """Tell whether nothing is to be waited for."""
    return all(observe(api, ref(item)).ready for item in objects if item["kind"] in _WORKLOADS)


def observe(api: Api, one: Ref) -> State:
    """Look at a Pod, a Deployment or a StatefulSet once."""
    found = api.get(one.path)
    if found is None:
        return State(ready=False, text="is not there")
    if one.kind == "Pod":
        return pod_state(found)
    labels = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"]["matchLabels"].items())
    state = rollout_state(found)
    if state.ready:
        return state
    pods = newest(api, found, api.items(collection("Pod", one.namespace), labelSelector=labels))
    return State(state.ready, state.text, pods, state.refusal or ("" if pods else _refusal(api, found)))


def newest(api: Api, found: Object, pods: list[Object]) -> tuple[Object, ...]:
    """Keep the Pods of the rollout under way: what is wrong with those that it replaces no longer matters."""
    if found["kind"] == "StatefulSet":
        key, current = "controller-revision-hash", found.get("status", {}).get("updateRevision")
    else:
        key, current = "pod-template-hash", _template(api, found)
    return tuple(pod for pod in pods if current and pod["metadata"]["labels"].get(key) == current)


def _template(api: Api, deployment: Object) -> str:
    """Return the hash of a Deployment's newest template; empty where its ReplicaSet is not made yet."""
    revision = "deployment.kubernetes.io/revision"
    meta, status = deployment["metadata"], deployment.get("status", {})
    if status.get("observedGeneration", 0) < meta.get("generation", 0):
        return ""
    wanted = (meta.get("annotations") or {}).get(revision)
    for one in api.items(f"/apis/apps/v1/namespaces/{meta['namespace']}/replicasets"):
        owners = [owner["uid"] for owner in one["metadata"].get("ownerReferences") or []]
        if meta["uid"] in owners and (one["metadata"].get("annotations") or {}).get(revision) == wanted:
            return str(one["metadata"]["labels"].get("pod-template-hash", ""))
    return ""


def pod_state(pod: Object) -> State:
    """Tell whether a Pod is Ready, and if not how far it is."""
    status = pod.get("status", {})
    ready = is_condition_true(pod, "Ready") and not pod["metadata"].get("deletionTimestamp")
    waits = [
        (one.get("state", {}).get("waiting") or {}).get("reason", "") for one in status.get("containerStatuses") or []
    ]
    reason = next((one for one in waits if one), "")
    text = "is ending" if pod["metadata"].get("deletionTimestamp") else reason or f"is {status.get('phase', 'new')}"
    return State(ready, "is Ready" if ready else text, (pod,))


def rollout_state(found: Object) -> State:
    """Tell whether the rollout of a Deployment or StatefulSet is complete: all replicas new and available, no more."""
    wanted, status = found["spec"].get("replicas", 1), found.get("status", {})
    seen = status.get("observedGeneration", 0) >= found["metadata"].get("generation", 0)
    counts = [status.get(name, 0) for name in ("updatedReplicas", "availableReplicas", "replicas")]
    refused = is_condition_true(found, "ReplicaFailure")
    refusal = condition(found, "ReplicaFailure").get("message", "") if refused else ""
    return State(seen and counts == [wanted] * 3, f"has {counts[1]} of {wanted} replicas available", refusal=refusal)


def _refusal(api: Api, found: Object) -> str:
    """Return why a StatefulSet's Pod was refused: it has no condition for that, only events."""
    meta = found["metadata"]
    if found["kind"] != "StatefulSet":
        return ""
    events = _events(api, meta)
    return max((str(one["message"]) for one in events if one.get("reason") == "FailedCreate"), default="", key=len)


def _events(api: Api, meta: Object) -> list[Object]:
    path = f"/api/v1/namespaces/{meta['namespace']}/events"
    return api.items(path, fieldSelector=f"involvedObject.uid={meta['uid']}")


def why_not(api: Api, one: Ref, state: State) -> list[Diagnosis]:
    """Diagnose everything that keeps an object from being Ready."""
    if state.ready:
        return []
    if state.refusal:
        return [diagnose.refused(str(one), one.namespace, state.refusal)]
    found = (examine(api, pod) for pod in state.pods if not pod_state(pod).ready)
    return [cause for cause in found if cause]


def examine(api: Api, pod: Object) -> Diagnosis | None:
    """Diagnose one Pod: its events are read, and the log of a container that ended."""
    events = _events(api, pod["metadata"])
    cause = diagnose.diagnose(pod, events)
    if cause is None or cause.cause != "crash":
        return cause
    return diagnose.diagnose(pod, events, {cause.container: last_log(api, pod, cause.container)})


def last_log(api: Api, pod: Object, container: str) -> str:
    """Read the last lines of a container: of its run before this one, where there was one."""
    path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}/log"
    for previous in ("true", "false"):
        try:
            text = api.text(path, container=container, tailLines=_TAIL, previous=previous)
        except ApiError:
            continue  # there is no such run (any more)
        if not text.startswith(_NO_LOG):
            return text
    return ""
