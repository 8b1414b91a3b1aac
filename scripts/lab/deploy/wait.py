"""Wait until what was applied is Ready; give up early, with the cause, where it will not become so by itself."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lab import waiting
from lab.deploy import diagnose, refusals
from lab.deploy.causes.case import Diagnosis
from lab.deploy.manifests import Ref, collection, ref_of
from lab.errors import LabError, TimedOut
from lab.kubernetes import pod_status
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.objects import Object, condition, is_condition_true, pod_path

_TAIL = 10
_NO_LOG = "unable to retrieve container logs"  # what kubelet answers, with 200, for a container that is gone
_WORKLOADS = ("Pod", "Deployment", "StatefulSet")
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class State:
    """How far one object is; ``pods`` are the Pods to diagnose where it is not Ready."""

    ready: bool
    text: str
    pods: tuple[Object, ...] = ()
    refusal: str = ""


@dataclass
class Patience:
    """Believes a cause that was present for as long as it asks, without a break."""

    now: Callable[[], float] = time.monotonic
    since: dict[tuple[str, str], float] = field(default_factory=dict)

    def believed(self, causes: Iterable[Diagnosis]) -> Diagnosis | None:
        by_key = {(cause.subject, cause.cause): cause for cause in causes}
        self.since = {key: self.since.get(key, self.now()) for key in by_key}
        lasting = (cause for key, cause in by_key.items() if self.now() - self.since[key] >= cause.patience)
        return next(lasting, None)


def until_ready(api: Api, objects: Iterable[Object], *, timeout: float, report: Callable[[str], None]) -> str:
    """Wait until every Pod, Deployment and StatefulSet among the objects is Ready.

    Raises LabError with the cause and the next command as soon as one is sure not to become Ready, and after
    ``timeout`` seconds TimedOut, with the cause where there is one.
    """
    refs = [ref_of(item) for item in objects if item["kind"] in _WORKLOADS]
    patience = Patience()
    causes: list[Diagnosis] = []

    def look() -> tuple[bool, str]:
        states = {ref: observe(api, ref) for ref in refs}
        causes[:] = [cause for ref, state in states.items() for cause in causes_of(api, ref, state)]
        if cause := patience.believed(causes):
            raise LabError(cause.sentence, cause.next_command)
        text = ", ".join(f"{ref} {state.text}" for ref, state in states.items() if not state.ready)
        return not text, text or "all Ready"

    try:
        return waiting.until("every Pod to be Ready", look, timeout=timeout, on_state=report)
    except TimedOut as error:
        last = causes[0].sentence if causes else error.last
        hint = causes[0].next_command if causes else f"kubectl get pods,events -n {refs[0].namespace}"
        raise TimedOut(error.waiting_for, error.seconds, last, hint) from None


def is_ready(api: Api, objects: Iterable[Object]) -> bool:
    return all(observe(api, ref_of(item)).ready for item in objects if item["kind"] in _WORKLOADS)


def observe(api: Api, ref: Ref) -> State:
    item = api.get(ref.path)
    if item is None:
        return State(ready=False, text="is not there")
    if ref.kind == "Pod":
        return pod_state(item)
    state = rollout_state(item)
    if state.ready:
        return state
    labels = ",".join(f"{key}={value}" for key, value in item["spec"]["selector"]["matchLabels"].items())
    pods = newest(api, item, api.items(collection("Pod", ref.namespace), labelSelector=labels))
    return State(state.ready, state.text, pods, state.refusal or ("" if pods else _refusal(api, item)))


def newest(api: Api, workload: Object, pods: list[Object]) -> tuple[Object, ...]:
    """Keep the Pods of the rollout under way: what is wrong with those that it replaces no longer matters."""
    if workload["kind"] == "StatefulSet":
        key, current = "controller-revision-hash", workload.get("status", {}).get("updateRevision")
    else:
        key, current = "pod-template-hash", _template_hash(api, workload)
    return tuple(pod for pod in pods if current and pod["metadata"]["labels"].get(key) == current)


def _template_hash(api: Api, deployment: Object) -> str:
    """Return the hash of a Deployment's newest template; empty where its ReplicaSet is not made yet."""
    meta = deployment["metadata"]
    if not _is_observed(deployment):
        return ""
    revision = (meta.get("annotations") or {}).get(_REVISION)
    for replica_set in api.items(f"/apis/apps/v1/namespaces/{meta['namespace']}/replicasets"):
        own = replica_set["metadata"]
        owners = [owner["uid"] for owner in own.get("ownerReferences") or []]
        if meta["uid"] in owners and (own.get("annotations") or {}).get(_REVISION) == revision:
            return str(own["labels"].get("pod-template-hash", ""))
    return ""


def _is_observed(workload: Object) -> bool:
    return bool(workload.get("status", {}).get("observedGeneration", 0) >= workload["metadata"].get("generation", 0))


def pod_state(pod: Object) -> State:
    if pod_status.is_ending(pod):
        return State(ready=False, text="is ending", pods=(pod,))
    if pod_status.is_ready(pod):
        return State(ready=True, text="is Ready", pods=(pod,))
    statuses = pod_status.container_statuses(pod, pod_status.APP)
    reasons = (pod_status.waiting(status).get("reason") for status in statuses)
    phase = f"is {pod.get('status', {}).get('phase', 'new')}"
    return State(ready=False, text=next(filter(None, reasons), phase), pods=(pod,))


def rollout_state(workload: Object) -> State:
    """Return whether the rollout of a workload is complete: all replicas new and available, no more."""
    wanted, status = workload["spec"].get("replicas", 1), workload.get("status", {})
    counts = [status.get(name, 0) for name in ("updatedReplicas", "availableReplicas", "replicas")]
    is_refused = _is_observed(workload) and is_condition_true(workload, "ReplicaFailure")
    refusal = condition(workload, "ReplicaFailure").get("message", "") if is_refused else ""
    is_complete = _is_observed(workload) and counts == [wanted] * 3
    return State(is_complete, f"has {counts[1]} of {wanted} replicas available", refusal=refusal)


def _refusal(api: Api, workload: Object) -> str:
    """Return why a StatefulSet's Pod was refused: it has no condition for that, only events."""
    if workload["kind"] != "StatefulSet":
        return ""
    events = [event for event in _events(api, workload) if event.get("reason") == "FailedCreate"]
    return max((str(event["message"]) for event in events), default="", key=len)


def _events(api: Api, item: Object) -> list[Object]:
    meta = item["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/events"
    return api.items(path, fieldSelector=f"involvedObject.uid={meta['uid']}")


def causes_of(api: Api, ref: Ref, state: State) -> list[Diagnosis]:
    if state.ready:
        return []
    if state.refusal:
        return [refusals.refused(str(ref), ref.namespace, state.refusal)]
    causes = (cause_of(api, pod) for pod in state.pods if not pod_state(pod).ready)
    return [cause for cause in causes if cause]


def cause_of(api: Api, pod: Object) -> Diagnosis | None:
    """Diagnose one Pod: its events are read, and the log of each container that ended."""
    events = _events(api, pod)
    statuses = pod_status.container_statuses(pod)
    ended = [each["name"] for each in statuses if pod_status.has_ended(each) and not each.get("ready")]
    return diagnose.diagnose(pod, events, {name: _last_log(api, pod, name) for name in ended})


def _last_log(api: Api, pod: Object, container: str) -> str:
    """Read the last lines of a container: of its run before this one, where there was one."""
    path = f"{pod_path(pod['metadata']['namespace'], pod['metadata']['name'])}/log"
    for previous in ("true", "false"):
        try:
            text = api.text(path, container=container, tailLines=_TAIL, previous=previous)
        except ApiError:
            continue  # there is no such run (any more)
        if not text.startswith(_NO_LOG):
            return text
    return ""
