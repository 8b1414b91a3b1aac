"""One Pod with everything that is known of it, and what a rule makes of that. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object, is_condition_true

Author = Literal["scheduler", "runtime", "kubelet", "process"]
_CREATING = {"ContainerCreating", "PodInitializing"}


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
class Container:
    """One container of a Pod of whichever kind: its spec beside its status."""

    spec: Object
    status: Object
    kind: Literal["init", "sidecar", "app", "ephemeral"]

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def is_well(self) -> bool:
        """Tell whether nothing waits for it: it is ready, an init container that did its work, a debugger."""
        if self.kind == "init":
            return pod_status.terminated(self.status).get("exitCode") == 0
        is_up = bool(self.status.get("ready") or (self.kind == "sidecar" and self.status.get("started")))
        return is_up or (self.kind == "ephemeral" and pod_status.state(self.status) in {"running", "terminated"})


@dataclass(frozen=True)
class Case:
    """``events`` are the Pod's own, in any order; ``logs`` the last lines of containers that ended, by their names."""

    pod: Object
    events: Sequence[Object]
    logs: Mapping[str, str]

    @property
    def containers(self) -> list[Container]:
        """List the containers that kubelet has written a status of, in the order in which they start."""
        spec = self.pod["spec"]
        kinds = [("sidecar" if each.get("restartPolicy") == "Always" else "init", each) for each in _of(spec, "init")]
        kinds += [("app", each) for each in spec.get("containers") or []]
        kinds += [("ephemeral", each) for each in _of(spec, "ephemeral")]
        pairs = ((kind, each, pod_status.container_status(self.pod, each["name"])) for kind, each in kinds)
        return [Container(each, status, kind) for kind, each, status in pairs if status]  # type: ignore[arg-type]

    @property
    def is_creating(self) -> bool:
        """Tell whether kubelet has neither volumes nor network for the Pod: an event of either may be an old one."""
        is_waiting = any(pod_status.waiting(each.status).get("reason") in _CREATING for each in self.containers)
        return is_waiting and not is_condition_true(self.pod, "PodReadyToStartContainers")

    def diagnosis(self, name: str, container: str = "", **values: object) -> Diagnosis:
        """Return an entry of ``diagnoses.yaml``, filled in."""
        meta, entry = self.pod["metadata"], data()["diagnoses"][name]
        values |= {"pod": meta["name"], "namespace": meta.get("namespace", "default"), "container": container}
        detail, command = entry["detail"].format(**values), entry["command"].format(**values)
        subject, patience = f"Pod {meta['name']}", entry.get("patience", 0)
        return Diagnosis(entry.get("cause", name), subject, detail, command, patience, container)

    def event(self, *reasons: str, containing: str = "", container: str = "", since: str = "") -> str:
        """Return the message of the newest event with one of these reasons; empty where there is none.

        kubelet names a container in ``involvedObject.fieldPath``: ``spec.containers{name}``. ``since`` is a time
        (RFC 3339): what is older was said of an earlier run.
        """
        events = [
            event
            for event in self.events
            if event.get("reason") in reasons
            and containing in (event.get("message") or "")
            and _is_about(event, container)
            and _time(event)[:19] >= since[:19]
        ]
        return str(max(events, key=_time)["message"]) if events else ""


def _of(spec: Object, kind: str) -> list[Object]:
    return spec.get(f"{kind}Containers") or []


@cache
def data() -> Any:
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    return yaml.safe_load(Path(__file__).parent.with_name("diagnoses.yaml").read_text("utf-8"))


def explained(message: str, author: Author) -> str:
    """Put what a message means before it, where that is known."""
    for pattern, meaning in data()[author]:
        if match := re.search(pattern, message, re.IGNORECASE):
            plain = meaning.format(*(group or "" for group in match.groups())).strip()
            return f"{plain}{'' if plain.endswith('?') else '.'} The {author}'s words: {message}"
    return message


def _is_about(event: Object, container: str) -> bool:
    path = (event.get("involvedObject") or {}).get("fieldPath", "")
    return not container or not path or path.endswith(f"{{{container}}}")


def _time(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")
