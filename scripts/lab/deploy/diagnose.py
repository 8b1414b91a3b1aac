"""Say why a Pod is not Ready: from the JSON that the API server gives to one paragraph and the next command to try.

Nothing here talks to a cluster. The rules are tried in order, the most telling first; each reads what kubelet, the
scheduler or admission writes into a Pod's status and events (Kubernetes 1.37).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Cause = Literal[
    "image", "crash", "memory", "probe", "command", "config", "identity", "volume", "sandbox", "evicted",
    "unschedulable", "quota", "security", "refused",
]  # fmt: skip
Json = dict[str, Any]

_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_LOG_LINES = 5
_NODE_NOT_TOLD = "no relationship found between node"
"""The API server's words to a kubelet that asks before its authorizer has seen the Pod; kubelet asks again later."""
_SIGNALS = 128
_KILLED = _SIGNALS + 9


@dataclass(frozen=True)
class Diagnosis:
    """Why something does not run.

    ``patience``: how many seconds the cause must be seen without a break before it is believed, as some pass by
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
        """One paragraph for a person."""
        return f"{self.subject}: {self.detail}"


@dataclass(frozen=True)
class _Case:
    """One Pod with everything that is known of it."""

    pod: Json
    events: Sequence[Json]
    logs: Mapping[str, str]

    @property
    def subject(self) -> str:
        return f"Pod {self.pod['metadata']['name']}"

    def command(self, words: str) -> str:
        meta = self.pod["metadata"]
        return f"kubectl {words.format(pod=meta['name'])} -n {meta.get('namespace', 'default')}"

    def statuses(self) -> Iterator[Json]:
        status = self.pod.get("status", {})
        yield from status.get("initContainerStatuses") or []
        yield from status.get("containerStatuses") or []

    def image(self, container: str) -> str:
        """Return what the manifest asks for: a status names the image as the runtime knows it."""
        spec = self.pod["spec"]
        every = [*(spec.get("initContainers") or []), *spec["containers"]]
        return next((str(one["image"]) for one in every if one["name"] == container), "")

    def said(self, *reasons: str, having: str = "") -> str:
        """Return the newest event's message with one of these reasons."""
        found = [one for one in self.events if one.get("reason") in reasons and having in (one.get("message") or "")]
        return str(max(found, key=_when)["message"]) if found else ""


def diagnose(pod: Json, events: Sequence[Json] = (), logs: Mapping[str, str] | None = None) -> Diagnosis | None:
    """Say why a Pod is not Ready, or None where nothing is wrong (yet).

    ``events`` are the Pod's own, in any order; ``logs`` the last lines of each container that ended, by its name.
    """
    if pod.get("metadata", {}).get("deletionTimestamp"):
        return None
    case = _Case(pod, events, logs or {})
    return next((found for found in (rule(case) for rule in _RULES) if found), None)


def refused(subject: str, namespace: str, message: str) -> Diagnosis:
    """Say in plain words why the API server, or a controller on its behalf, was not allowed to make a Pod."""
    where = f" -n {namespace}" if namespace else ""
    if "exceeded quota" in message:
        asked = re.search(r"exceeded quota: (.*)", message)
        detail = f"the namespace's quota is used up ({asked[1] if asked else message})"
        return Diagnosis("quota", subject, detail, f"kubectl describe resourcequota{where}")
    if "violates PodSecurity" in message:
        found = re.search(r'violates PodSecurity "([^"]+)": (.*)', message)
        profile, faults = (found[1], found[2]) if found else ("restricted", message)
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


def _image(case: _Case) -> Diagnosis | None:
    for status in case.statuses():
        reason, message = _waiting(status)
        if reason in _PULL:
            words = case.said("Failed", having="pull") or message
            image = case.image(status["name"])
            detail = f"the image {image} cannot be had ({reason}): {_registry_words(words)}"
            command = case.command("describe pod {pod}")
            return Diagnosis("image", case.subject, detail, command, 3, status["name"])
    return None


def _config(case: _Case) -> Diagnosis | None:
    for status in case.statuses():
        reason, message = _waiting(status)
        if reason != "CreateContainerConfigError":
            continue
        if "runAsNonRoot" in message or "non-numeric user" in message:
            detail = f"container {status['name']} must not run as root, and its image would: {message}"
            command = case.command("get pod {pod} -o yaml")
            return Diagnosis("identity", case.subject, detail, command, 1, status["name"])
        detail = f"container {status['name']} needs settings that are not there: {message}"
        return Diagnosis("config", case.subject, detail, case.command("get configmaps,secrets"), 3, status["name"])
    return None


def _command(case: _Case) -> Diagnosis | None:
    for status in case.statuses():
        reason, message = _waiting(status)
        ended = _ended(status)
        if ended.get("reason") in {"StartError", "ContainerCannotRun"}:
            message = ended.get("message", "")
        elif reason not in {"RunContainerError", "CreateContainerError"}:
            continue
        detail = f"container {status['name']} could not be started: {_runtime_words(message)}"
        command = case.command("get pod {pod} -o jsonpath='{{.spec.containers[*].command}}'")
        return Diagnosis("command", case.subject, detail, command, 2, status["name"])
    return None


def _memory(case: _Case) -> Diagnosis | None:
    for status in case.statuses():
        if _ended(status).get("reason") == "OOMKilled" and not status.get("ready"):
            limit = _memory_limit(case, status["name"])
            detail = (
                f"container {status['name']} took more memory than its limit of {limit} and was killed "
                f"(OOMKilled, exit code {_ended(status).get('exitCode')}; {_restarts(status)})"
            )
            command = case.command("get pod {pod} -o jsonpath='{{.spec.containers[*].resources}}'")
            return Diagnosis("memory", case.subject, detail, command, 2, status["name"])
    return None


def _killed_by_probe(case: _Case) -> Diagnosis | None:
    killing = re.search(r"Container (\S+) failed (liveness|startup) probe", case.said("Killing"))
    if not killing:
        return None
    name, kind = killing[1], killing[2]
    if not any(one["name"] == name and one.get("restartCount") and not one.get("ready") for one in case.statuses()):
        return None
    answer = _answer(case, kind)
    detail = f"container {name} is started again and again because its {kind} probe fails: {answer}"
    return Diagnosis("probe", case.subject, detail, case.command(f"logs {{pod}} -c {name} --previous"), 5, name)


def _crash(case: _Case) -> Diagnosis | None:
    for status in case.statuses():
        ended, (reason, _) = _ended(status), _waiting(status)
        down = reason == "CrashLoopBackOff" or "terminated" in (status.get("state") or {})
        if not ended or not down or _finished_init(case, status):
            continue
        how = _exit(int(ended.get("exitCode", 0)), _memory_limit(case, status["name"]))
        detail = f"container {status['name']} ended with {how} ({_restarts(status)}){_last_lines(case, status)}"
        command = case.command(f"logs {{pod}} -c {status['name']} --previous")
        return Diagnosis("crash", case.subject, detail, command, 4, status["name"])
    return None


def _probe(case: _Case) -> Diagnosis | None:
    for status in case.statuses():
        running = "running" in (status.get("state") or {})
        kind = "readiness" if status.get("started") else "startup"
        answer = _answer(case, kind)
        if not running or status.get("ready") or not answer:
            continue
        detail = f"container {status['name']} runs, but its {kind} probe fails: {answer}"
        command = case.command(f"logs {{pod}} -c {status['name']}")
        return Diagnosis("probe", case.subject, detail, command, 15 if kind == "readiness" else 45, status["name"])
    return None


def _volume(case: _Case) -> Diagnosis | None:
    message = case.said("FailedMount", "FailedAttachVolume")
    waits = any(_waiting(one)[0] in {"ContainerCreating", "PodInitializing"} for one in case.statuses())
    if not message or not waits:
        return None
    detail = f"a volume cannot be mounted: {message}"
    patience = 40 if _NODE_NOT_TOLD in message else 5
    return Diagnosis("volume", case.subject, detail, case.command("describe pod {pod}"), patience)


def _sandbox(case: _Case) -> Diagnosis | None:
    message = case.said("FailedCreatePodSandBox")
    waits = any(_waiting(one)[0] in {"ContainerCreating", "PodInitializing"} for one in case.statuses())
    if not message or not waits:
        return None
    detail = f"the node cannot give it a network or a sandbox: {message}"
    return Diagnosis("sandbox", case.subject, detail, case.command("describe pod {pod}"), 8)


def _unschedulable(case: _Case) -> Diagnosis | None:
    for condition in case.pod.get("status", {}).get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            message = condition.get("message", "")
            cause: Cause = "volume" if re.search("persistent ?volume|volume node", message.lower()) else "unschedulable"
            detail = f"no node takes it: {_scheduler_words(message)}"
            command = case.command("describe persistentvolumeclaims") if cause == "volume" else "kubectl describe nodes"
            return Diagnosis(cause, case.subject, detail, command, 5)
    return None


_RULES: tuple[Callable[[_Case], Diagnosis | None], ...] = (
    _evicted, _unschedulable, _image, _config, _command, _memory, _killed_by_probe, _crash, _volume, _sandbox, _probe,
)  # fmt: skip

_SCHEDULER = (
    (r"Insufficient (cpu|memory)", "less {0} is free on the node than the Pod requests"),
    (r"Too many pods", "the node has as many Pods as it may"),
    (r"had untolerated taint(?:\(s\)|s)? ?(\{[^}]*\})?", "the node has a taint {0} that the Pod does not tolerate"),
    (r"didn't match Pod's node affinity/selector", "no node has the labels that its nodeSelector or affinity asks for"),
    (r"were unschedulable", "the node is cordoned (`kubectl uncordon` ends that)"),
    (r"find available persistent volumes|persistentvolume (?:not found|affinity)|volume node affinity conflict",
     "its PersistentVolumeClaim finds no volume, and its class makes none by itself"),
    (r"unbound immediate PersistentVolumeClaims", "its PersistentVolumeClaim is not bound to a volume"),
    (r'persistentvolumeclaim "([^"]+)" not found', "there is no PersistentVolumeClaim {0}"),
    (r"didn't have free ports", "the host port that it asks for is taken"),
)  # fmt: skip


def _scheduler_words(message: str) -> str:
    for pattern, words in _SCHEDULER:
        found = re.search(pattern, message)
        if found:
            plain = words.format(*(part or "" for part in found.groups())).strip()
            return f"{plain}. The scheduler's words: {message}"
    return message


def _registry_words(message: str) -> str:
    """Cut the layers of "failed to ..." down to what the registry, or the way to it, said last."""
    known = (
        (r"not found|does not exist", "no registry has it"),
        (r"no such host|lookup .* on", "the registry's name does not resolve: is this machine offline?"),
        (r"connection refused|i/o timeout|deadline exceeded|unreachable", "the registry does not answer"),
        (
            r"401|403|denied|unauthorized|authorization failed",
            "the registry wants credentials, or has no such image",
        ),
        (r"couldn't parse image|invalid reference format", "this is no image name"),
        (r"429|toomanyrequests", "the registry's rate limit is used up"),
    )
    plain = next((words for pattern, words in known if re.search(pattern, message, re.IGNORECASE)), "")
    return f"{plain}. The runtime's words: {message}" if plain else message


def _runtime_words(message: str) -> str:
    found = re.search(r'exec: "([^"]+)": (?:stat [^:]+: )?(.+?)(?:: unknown)?$', message.strip())
    return f"its command {found[1]!r}: {found[2]}" if found else message.strip()


def _answer(case: _Case, kind: str) -> str:
    prefix = f"{kind.capitalize()} probe"
    words = re.sub(r"^\w+ probe (failed|errored)[^:]*:\s*", "", case.said("Unhealthy", having=prefix)).strip()
    status = re.search(r"statuscode: (\d+)", words)
    return f"it answered {status[1]}" if status else words


def _waiting(status: Json) -> tuple[str, str]:
    waiting = (status.get("state") or {}).get("waiting") or {}
    return waiting.get("reason", ""), waiting.get("message", "")


def _ended(status: Json) -> Json:
    """How the container ended last: now, or before it was started again."""
    for state in ("state", "lastState"):
        ended: Json | None = (status.get(state) or {}).get("terminated")
        if ended:
            return ended
    return {}


def _finished_init(case: _Case, status: Json) -> bool:
    inits = case.pod.get("status", {}).get("initContainerStatuses") or []
    return status in inits and _ended(status).get("exitCode") == 0


def _exit(code: int, limit: str) -> str:
    if code == 0:
        return "exit code 0, which is no error, but a Pod's container is expected to go on"
    if code == _KILLED:  # on cgroup v1 the runtime was seen to miss the kernel's word, and to say "Error"
        return f"exit code 137: it was killed, as the kernel does at the memory limit of {limit}"
    return f"exit code {code}" + (f" (signal {code - _SIGNALS})" if code > _SIGNALS else "")


def _restarts(status: Json) -> str:
    count = status.get("restartCount", 0)
    return "not restarted yet" if not count else f"restarted {count} time{'s' if count > 1 else ''}"


def _last_lines(case: _Case, status: Json) -> str:
    lines = [line for line in case.logs.get(status["name"], "").splitlines() if line.strip()][-_LOG_LINES:]
    return "; its last words: " + " | ".join(lines) if lines else "; it wrote nothing"


def _memory_limit(case: _Case, container: str) -> str:
    for one in case.pod["spec"]["containers"]:
        if one["name"] == container:
            return str(one.get("resources", {}).get("limits", {}).get("memory", "the node's memory"))
    return "unknown size"


def _when(event: Json) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")
