"""Diagnose why a Pod is not Ready: from the API server's JSON to one paragraph and the next command to try. Pure.

The rules are tried in order, the most telling first; each reads what kubelet, the scheduler or admission writes into a
Pod's status and events (Kubernetes 1.37). Their texts and commands are in
``diagnoses.yaml``, but for what is put together from a container's own words.
"""

import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object, condition

_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_CREATING = {"ContainerCreating", "PodInitializing"}
_LOG_LINES = 5
_NODE_NOT_AUTHORIZED = "no relationship found between node"
"""The API server's words to a kubelet that asks before its authorizer has seen the Pod; kubelet asks again later."""
_SIGNALS = 128
_KILLED = _SIGNALS + 9
_SHELL = {126: "a program that may not be executed", 127: "a program that is not there"}


@dataclass(frozen=True)
class Diagnosis:
    """Why something does not run; ``container`` is the one at fault, where one is, ``patience`` in seconds."""

    cause: str
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
    def containers(self) -> list[Object]:
        return pod_status.container_statuses(self.pod, pod_status.INIT, pod_status.APP)

    @property
    def is_creating(self) -> bool:
        return any(pod_status.waiting(status).get("reason") in _CREATING for status in self.containers)

    def diagnosis(self, name: str, container: str = "", **values: object) -> Diagnosis:
        meta, entry = self.pod["metadata"], _data()["diagnoses"][name]
        values |= {"pod": meta["name"], "namespace": meta.get("namespace", "default"), "container": container}
        detail, command = entry["detail"].format(**values), entry["command"].format(**values)
        subject, patience = f"Pod {meta['name']}", entry.get("patience", 0)
        return Diagnosis(entry.get("cause", name), subject, detail, command, patience, container)

    def spec(self, container: str) -> Object:
        spec = self.pod["spec"]
        every = [*(spec.get("initContainers") or []), *spec["containers"]]
        return next((each for each in every if each["name"] == container), {})

    def memory_limit(self, container: str) -> str:
        """Return the container's limit, else the Pod's own (``spec.resources``, Kubernetes 1.34)."""
        owners = (self.spec(container), self.pod["spec"])
        limits = ((owner.get("resources") or {}).get("limits") or {} for owner in owners)
        return next((str(limit["memory"]) for limit in limits if "memory" in limit), "the node's memory")

    def event(self, *reasons: str, containing: str = "", container: str = "") -> str:
        """Return the message of the newest event with one of these reasons; empty where there is none.

        kubelet names a container in ``involvedObject.fieldPath``: ``spec.containers{name}``.
        """
        events = [
            event
            for event in self.events
            if event.get("reason") in reasons
            and containing in (event.get("message") or "")
            and _is_about(event, container)
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


@cache
def _data() -> Any:
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    return yaml.safe_load(Path(__file__).with_name("diagnoses.yaml").read_text("utf-8"))


def _explained(message: str, author: Literal["scheduler", "runtime"]) -> str:
    for pattern, meaning in _data()[author]:
        if match := re.search(pattern, message, re.IGNORECASE):
            plain = meaning.format(*(group or "" for group in match.groups())).strip()
            return f"{plain}. The {author}'s words: {message}"
    return message


def _evicted(case: _Case) -> Diagnosis | None:
    status = case.pod.get("status", {})
    if status.get("reason") != "Evicted":
        return None
    return case.diagnosis("evicted", message=status.get("message", "").strip())


def _unschedulable(case: _Case) -> Diagnosis | None:
    scheduled = condition(case.pod, "PodScheduled")
    if scheduled.get("reason") != "Unschedulable":
        return None
    message = scheduled.get("message", "")
    is_volume = re.search("persistent ?volume|volume node", message.lower())
    return case.diagnosis("unbound" if is_volume else "unschedulable", message=_explained(message, "scheduler"))


def _port_name(case: _Case, status: Object, name: str) -> Diagnosis | None:
    """Name a port that the container does not have: kubelet's probe then has no result, so it is never Ready."""
    if status.get("ready"):
        return None
    spec = case.spec(name)
    names = {port.get("name") for port in spec.get("ports") or []}
    for kind in ("startup", "readiness"):
        probe = spec.get(f"{kind}Probe") or {}
        port = next((probe[handler].get("port") for handler in ("httpGet", "tcpSocket") if probe.get(handler)), None)
        if isinstance(port, str) and not port.isdigit() and port not in names:
            return case.diagnosis("port-name", name, kind=kind, port=port)
    return None


def _unit(case: _Case, status: Object, name: str) -> Diagnosis | None:
    limit = case.memory_limit(name)
    if not limit[:-1].isdigit() or limit[-1] != "m" or status.get("ready"):
        return None
    return case.diagnosis("unit", name, limit=limit, meant=f"{limit[:-1]}Mi", bytes=int(limit[:-1]) / 1000)


def _image(case: _Case, status: Object, name: str) -> Diagnosis | None:
    waiting = pod_status.waiting(status)
    if waiting.get("reason") not in _PULL:
        return None
    message = _explained(
        case.event("Failed", containing="pull", container=name) or waiting.get("message", ""), "runtime"
    )
    image = case.spec(name).get("image", "")  # a status names the image as the runtime knows it
    return case.diagnosis("image", name, image=image, reason=waiting["reason"], message=message)


def _config(case: _Case, status: Object, name: str) -> Diagnosis | None:
    waiting = pod_status.waiting(status)
    message = waiting.get("message", "")
    if waiting.get("reason") != "CreateContainerConfigError":
        return None
    is_identity = "runAsNonRoot" in message or "non-numeric user" in message
    return case.diagnosis("identity" if is_identity else "config", name, message=message)


def _command(case: _Case, status: Object, name: str) -> Diagnosis | None:
    waiting, ended = pod_status.waiting(status), pod_status.last_terminated(status)
    if ended.get("reason") in {"StartError", "ContainerCannotRun"}:
        message = ended.get("message", "").strip()
    elif waiting.get("reason") in {"RunContainerError", "CreateContainerError"}:
        message = waiting.get("message", "").strip()
    else:
        return None
    command = re.search(r'exec: "([^"]+)": (?:stat [^:]+: )?(.+?)(?:: unknown)?$', message)
    return case.diagnosis("command", name, message=f"its command {command[1]!r}: {command[2]}" if command else message)


def _memory(case: _Case, status: Object, name: str) -> Diagnosis | None:
    ended = pod_status.last_terminated(status)
    if ended.get("reason") != "OOMKilled" or status.get("ready"):
        return None
    limit, code = case.memory_limit(name), ended.get("exitCode")
    return case.diagnosis("memory", name, limit=limit, code=code, restarts=_restarts(status))


def _killed_by_probe(case: _Case) -> Diagnosis | None:
    killing = re.search(r"Container (\S+) failed (liveness|startup) probe", case.event("Killing"))
    if not killing:
        return None
    name, kind = killing.groups()
    status = pod_status.container_status(case.pod, name)
    if not pod_status.restarts(status) or status.get("ready"):
        return None
    return case.diagnosis("killed-by-probe", name, kind=kind, message=_probe_result(case, kind, name))


def _crash(case: _Case, status: Object, name: str) -> Diagnosis | None:
    ended, reason = pod_status.last_terminated(status), pod_status.waiting(status).get("reason")
    is_down = reason == "CrashLoopBackOff" or pod_status.state(status) == "terminated"
    if not ended or not is_down or _is_finished_init(case, status):
        return None
    code = _exit(int(ended.get("exitCode", 0)), case.memory_limit(name))
    lines = [line for line in case.logs.get(name, "").splitlines() if line.strip()][-_LOG_LINES:]
    words = f"its last words: {' | '.join(lines)}" if lines else "it wrote nothing"
    return case.diagnosis("crash", name, code=code, restarts=_restarts(status), words=words)


def _volume(case: _Case) -> Diagnosis | None:
    message = case.event("FailedMount", "FailedAttachVolume")
    if not message or not case.is_creating:
        return None
    return case.diagnosis("volume-not-authorized" if _NODE_NOT_AUTHORIZED in message else "volume", message=message)


def _sandbox(case: _Case) -> Diagnosis | None:
    message = case.event("FailedCreatePodSandBox")
    return case.diagnosis("sandbox", message=message) if message and case.is_creating else None


def _probe(case: _Case, status: Object, name: str) -> Diagnosis | None:
    kind = "readiness" if status.get("started") else "startup"
    message = _probe_result(case, kind, name)
    if not pod_status.is_running(status) or status.get("ready") or not message:
        return None
    return case.diagnosis(kind, name, message=message)


def _each_container(rule: Callable[[_Case, Object, str], Diagnosis | None]) -> Callable[[_Case], Diagnosis | None]:
    """Apply a rule to the status of each container, until one is at fault."""
    return lambda case: next(filter(None, (rule(case, status, status["name"]) for status in case.containers)), None)


_RULES: tuple[Callable[[_Case], Diagnosis | None], ...] = (
    _evicted,
    _unschedulable,
    *map(_each_container, (_port_name, _unit, _image, _config, _command, _memory)),
    _killed_by_probe,
    _each_container(_crash),
    _volume,
    _sandbox,
    _each_container(_probe),
)


def _probe_result(case: _Case, kind: str, name: str) -> str:
    message = case.event("Unhealthy", containing=f"{kind.capitalize()} probe", container=name)
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
        return (
            "exit code 137 (SIGKILL); who killed it is not known: the kernel at the memory limit "
            f"({limit}) would mostly be told as OOMKilled, a failed liveness probe has an event, "
            "and a process may send the signal or return 137 itself"
        )
    return f"exit code {code}{_meaning(code)}"


def _meaning(code: int) -> str:
    """Explain an exit code by the shell's convention: 126, 127, and 128 + the signal's number (POSIX sh, 2.8.2)."""
    if code in _SHELL:
        return f" ({_SHELL[code]})"
    names = {each.value: each.name for each in signal.Signals}
    return f" ({names.get(code - _SIGNALS, f'signal {code - _SIGNALS}')})" if code > _SIGNALS else ""


def _is_about(event: Object, container: str) -> bool:
    path = (event.get("involvedObject") or {}).get("fieldPath", "")
    return not container or not path or path.endswith(f"{{{container}}}")


def _restarts(status: Object) -> str:
    count = pod_status.restarts(status)
    return "not restarted yet" if not count else f"restarted {count} time{'s' if count > 1 else ''}"


def _time(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")
