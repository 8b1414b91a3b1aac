"""Probes that fail."""

import re

from lab.deploy.causes.case import Case, Container, Diagnosis
from lab.kubernetes import pod_status


def killed(case: Case, container: Container) -> Diagnosis | None:
    """Name the probe by which kubelet killed a container: its event says which."""
    message = case.event("Killing", containing=f"Container {container.name} failed ")
    killing = re.search(r"failed (liveness|startup) probe", message)
    if not killing or not pod_status.restarts(container.status):
        return None
    message = _result(case, killing[1], container.name)
    return case.diagnosis("killed-by-probe", container.name, kind=killing[1], message=message)


def failing(case: Case, container: Container) -> Diagnosis | None:
    kind = "readiness" if container.status.get("started") else "startup"
    message = _result(case, kind, container.name, since=pod_status.started_at(container.status))
    if not pod_status.is_running(container.status) or not message:
        return None
    return case.diagnosis(kind, container.name, message=message)


def _result(case: Case, kind: str, name: str, since: str = "") -> str:
    message = case.event("Unhealthy", containing=f"{kind.capitalize()} probe", container=name, since=since)
    result = re.sub(r"^\w+ probe (failed|errored)[^:]*:\s*", "", message).strip()
    status = re.search(r"statuscode: (\d+)", result)
    return f"it answered {status[1]}" if status else result
