"""Diagnose why a Pod is not Ready: from the API server's JSON to one paragraph and the next command to try. Pure.

The rules are tried in order, the most telling first; each reads what kubelet, the scheduler or admission writes into a
Pod's status and events (Kubernetes 1.37).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lab.deploy import messages
from lab.kubernetes import pod_status
from lab.kubernetes.objects import condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.kubernetes.objects import Object

Cause = Literal[
    "image", "crash", "memory", "probe", "command", "config", "identity", "volume", "sandbox", "evicted",
    "unschedulable", "quota", "security", "refused",
]  # fmt: skip

_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_CREATING = {"ContainerCreating", "PodInitializing"}
_LOG_LINES = 5
_NODE_NOT_AUTHORIZED = "no relationship found between node"
"""The API server's words to a kubelet that asks before its authorizer has seen the Pod; kubelet asks again later."""
_SIGNALS = 128
_KILLED = _SIGNALS + 9


@dataclass(frozen=True)
class Diagnosis:
    """Why something does not run.

    ``patience``: how many seconds the cause must last without a break before it is believed, as some pass by
    themselves. ``container`` is the one at fault, where one is.
    """

    cause: Cause
    subject: str
    detail: str
    next_command: str
    patience: float = 0.0
    container: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.subject}: {self.detail}"


@dataclass(frozen=True)
class _Case:
    """One Pod with everything that is known of it."""

    pod: Object
    events: Sequence[Object]
    logs: Mapping[str, str]

    @property
    def subject(self) -> str:
        return f"Pod {self.pod['metadata']['name']}"

    @property
    def containers(self) -> list[Object]:
        return pod_status.container_statuses(self.pod, pod_status.INIT, pod_status.APP)

    @property
    def is_creating(self) -> bool:
        return any(pod_status.waiting(status).get("reason") in _CREATING for status in self.containers)

    def diagnosis(self, cause: Cause, detail: str, command: str, patience: float, container: str = "") -> Diagnosis:
        """Return the diagnosis with the next kubectl command, in which ``{pod}`` is the Pod's name."""
        meta = self.pod["metadata"]
        next_command = f"kubectl {command.replace('{pod}', meta['name'])} -n {meta.get('namespace', 'default')}"
        return Diagnosis(cause, self.subject, detail, next_command, patience, container)

    def spec(self, container: str) -> Object:
        spec = self.pod["spec"]
        every = [*(spec.get("initContainers") or []), *spec["containers"]]
        return next((each for each in every if each["name"] == container), {})

    def memory_limit(self, container: str) -> str:
        limits = self.spec(container).get("resources", {}).get("limits", {})
        return str(limits.get("memory", "the node's memory"))

    def event(self, *reasons: str, containing: str = "") -> str:
        """Return the message of the newest event with one of these reasons; empty where there is none."""
        events = [
            event
            for event in self.events
            if event.get("reason") in reasons and containing in (event.get("message") or "")
        ]
        return str(max(events, key=_time)["message"]) if events else ""


def diagnose(pod: Object, events: Sequence[Object] = (), logs: Mapping[str, str] | None = None) -> Diagnosis | None:
    """Return why a Pod is not Ready, or None where nothing is wrong (yet).

    ``events`` are the Pod's own, in any order; ``logs`` the last lines of each container that ended, by its name.
    """
    if pod_status.is_ending(pod):
        return None
    case = _Case(pod, events, logs or {})
    return next(filter(None, (rule(case) for rule in _RULES)), None)


def refused(subject: str, namespace: str, message: str) -> Diagnosis:
    """Explain why the API server, or a controller on its behalf, was not allowed to make a Pod."""
    where = f" -n {namespace}" if namespace else ""
    if "exceeded quota" in message:
        exceeded = re.search(r"exceeded quota: (.*)", message)
        detail = f"the namespace's quota is used up ({exceeded[1] if exceeded else message})"
        return Diagnosis("quota", subject, detail, f"kubectl describe resourcequota{where}")
    if "violates PodSecurity" in message:
        violation = re.search(r'violates PodSecurity "([^"]+)": (.*)', message)
        profile, faults = violation.groups() if violation else ("restricted", message)
        detail = f"its namespace admits only Pods of the profile {profile}, and this one breaks it: {faults}"
        return Diagnosis("security", subject, detail, f"kubectl get namespace {namespace or 'default'} --show-labels")
    if "failed quota" in message or "must specify" in message:
        detail = f"the namespace's quota wants requests and limits on every container: {message}"
        return Diagnosis("quota", subject, detail, f"kubectl describe resourcequota{where}")
    if "provided port is already allocated" in message:
        detail = f"another Service has this NodePort: {message}"
        return Diagnosis("refused", subject, detail, "kubectl get services --all-namespaces")
    return Diagnosis("refused", subject, f"the API server refused it: {message}", f"kubectl get events{where}")


def _evicted(case: _Case) -> Diagnosis | None:
    status = case.pod.get("status", {})
    if status.get("reason") != "Evicted":
        return None
    detail = f"the node was short of something and evicted it: {status.get('message', '').strip()}"
    return Diagnosis("evicted", case.subject, detail, "kubectl describe nodes")


def _unschedulable(case: _Case) -> Diagnosis | None:
    scheduled = condition(case.pod, "PodScheduled")
    if scheduled.get("reason") != "Unschedulable":
        return None
    message = scheduled.get("message", "")
    is_volume = bool(re.search("persistent ?volume|volume node", message.lower()))
    detail = f"no node takes it: {messages.scheduler(message)}"
    if is_volume:
        return case.diagnosis("volume", detail, "describe persistentvolumeclaims", 5)
    return Diagnosis("unschedulable", case.subject, detail, "kubectl describe nodes", 5)


def _image(case: _Case, status: Object, name: str) -> Diagnosis | None:
    waiting = pod_status.waiting(status)
    reason = waiting.get("reason", "")
    if reason not in _PULL:
        return None
    message = case.event("Failed", containing="pull") or waiting.get("message", "")
    image = case.spec(name).get("image", "")  # a status names the image as the runtime knows it
    explained = messages.registry(message)
    return case.diagnosis(
        "image", f"the image {image} cannot be had ({reason}): {explained}", "describe pod {pod}", 3, name
    )


def _config(case: _Case, status: Object, name: str) -> Diagnosis | None:
    waiting = pod_status.waiting(status)
    message = waiting.get("message", "")
    if waiting.get("reason") != "CreateContainerConfigError":
        return None
    if "runAsNonRoot" in message or "non-numeric user" in message:
        detail = f"container {name} must not run as root, and its image would: {message}"
        return case.diagnosis("identity", detail, "get pod {pod} -o yaml", 1, name)
    detail = f"container {name} needs settings that are not there: {message}"
    return case.diagnosis("config", detail, "get configmaps,secrets", 3, name)


def _command(case: _Case, status: Object, name: str) -> Diagnosis | None:
    waiting, ended = pod_status.waiting(status), pod_status.last_terminated(status)
    if ended.get("reason") in {"StartError", "ContainerCannotRun"}:
        message = ended.get("message", "")
    elif waiting.get("reason") in {"RunContainerError", "CreateContainerError"}:
        message = waiting.get("message", "")
    else:
        return None
    detail = f"container {name} could not be started: {messages.start(message)}"
    return case.diagnosis("command", detail, "get pod {pod} -o jsonpath='{.spec.containers[*].command}'", 2, name)


def _memory(case: _Case, status: Object, name: str) -> Diagnosis | None:
    ended = pod_status.last_terminated(status)
    if ended.get("reason") != "OOMKilled" or status.get("ready"):
        return None
    detail = (
        f"container {name} took more memory than its limit of {case.memory_limit(name)} and was killed "
        f"(OOMKilled, exit code {ended.get('exitCode')}; {_restarts(status)})"
    )
    return case.diagnosis("memory", detail, "get pod {pod} -o jsonpath='{.spec.containers[*].resources}'", 2, name)


def _killed_by_probe(case: _Case) -> Diagnosis | None:
    killing = re.search(r"Container (\S+) failed (liveness|startup) probe", case.event("Killing"))
    if not killing:
        return None
    name, kind = killing.groups()
    status = pod_status.container_status(case.pod, name)
    if not pod_status.restarts(status) or status.get("ready"):
        return None
    detail = f"container {name} is started again and again because its {kind} probe fails: {_probe_result(case, kind)}"
    return case.diagnosis("probe", detail, f"logs {{pod}} -c {name} --previous", 5, name)


def _crash(case: _Case, status: Object, name: str) -> Diagnosis | None:
    ended, reason = pod_status.last_terminated(status), pod_status.waiting(status).get("reason")
    is_down = reason == "CrashLoopBackOff" or pod_status.state(status) == "terminated"
    if not ended or not is_down or _is_finished_init(case, status):
        return None
    exit_code = _exit(int(ended.get("exitCode", 0)), case.memory_limit(name))
    detail = f"container {name} ended with {exit_code} ({_restarts(status)}){_last_lines(case, name)}"
    return case.diagnosis("crash", detail, f"logs {{pod}} -c {name} --previous", 4, name)


def _volume(case: _Case) -> Diagnosis | None:
    message = case.event("FailedMount", "FailedAttachVolume")
    if not message or not case.is_creating:
        return None
    patience = 40 if _NODE_NOT_AUTHORIZED in message else 5
    return case.diagnosis("volume", f"a volume cannot be mounted: {message}", "describe pod {pod}", patience)


def _sandbox(case: _Case) -> Diagnosis | None:
    message = case.event("FailedCreatePodSandBox")
    if not message or not case.is_creating:
        return None
    return case.diagnosis(
        "sandbox", f"the node cannot give it a network or a sandbox: {message}", "describe pod {pod}", 8
    )


def _probe(case: _Case, status: Object, name: str) -> Diagnosis | None:
    kind, patience = ("readiness", 15) if status.get("started") else ("startup", 45)
    result = _probe_result(case, kind)
    if not pod_status.is_running(status) or status.get("ready") or not result:
        return None
    detail = f"container {name} runs, but its {kind} probe fails: {result}"
    return case.diagnosis("probe", detail, f"logs {{pod}} -c {name}", patience, name)


def _each_container(rule: Callable[[_Case, Object, str], Diagnosis | None]) -> Callable[[_Case], Diagnosis | None]:
    """Apply a rule to the status of each container, until one is at fault."""
    return lambda case: next(filter(None, (rule(case, status, status["name"]) for status in case.containers)), None)


_RULES: tuple[Callable[[_Case], Diagnosis | None], ...] = (
    _evicted,
    _unschedulable,
    *map(_each_container, (_image, _config, _command, _memory)),
    _killed_by_probe,
    _each_container(_crash),
    _volume,
    _sandbox,
    _each_container(_probe),
)


def _probe_result(case: _Case, kind: str) -> str:
    message = case.event("Unhealthy", containing=f"{kind.capitalize()} probe")
    result = re.sub(r"^\w+ probe (failed|errored)[^:]*:\s*", "", message).strip()
    status = re.search(r"statuscode: (\d+)", result)
    return f"it answered {status[1]}" if status else result


def _is_finished_init(case: _Case, status: Object) -> bool:
    ended = pod_status.last_terminated(status)
    return status in pod_status.container_statuses(case.pod, pod_status.INIT) and ended.get("exitCode") == 0


def _exit(code: int, limit: str) -> str:
    if code == 0:
        return "exit code 0, which is no error, but a Pod's container is expected to go on"
    if code == _KILLED:  # on cgroup v1 the runtime was seen to miss the kernel's word, and to say "Error"
        return f"exit code 137: it was killed, as the kernel does at the memory limit of {limit}"
    return f"exit code {code}" + (f" (signal {code - _SIGNALS})" if code > _SIGNALS else "")


def _restarts(status: Object) -> str:
    count = pod_status.restarts(status)
    return "not restarted yet" if not count else f"restarted {count} time{'s' if count > 1 else ''}"


def _last_lines(case: _Case, container: str) -> str:
    lines = [line for line in case.logs.get(container, "").splitlines() if line.strip()][-_LOG_LINES:]
    return "; its last words: " + " | ".join(lines) if lines else "; it wrote nothing"


def _time(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")
