"""What the browser's page draws: the verdicts, and the picture of the learner's Pods. Pure."""

import json
from dataclasses import asdict
from typing import Any

from lab.lessons.state import State
from lab.lessons.watch import Look

_SHOWN_EVENTS = 8


def as_shown(look: Look) -> dict[str, Any]:
    """Return what the page draws: the verdicts and the picture of the namespace."""
    verdicts = [asdict(verdict) for verdict in look.result.verdicts]
    held = {"passed": look.passed, "holds": look.result.holds, "left": round(look.left)}
    return {"started": look.result.started, "verdicts": verdicts, **held, "picture": picture(look.result.state)}


def picture(state: State) -> dict[str, Any]:
    """Return the parts of the picture: Pods with their containers and probes, Services with their endpoints, events."""
    pods = [
        {
            **{key: pod[key] for key in ("name", "ip", "phase", "ready", "qos", "owner", "summary")},
            "containers": [
                {**container, "kind": kind, "probes": _probes(pod, container["name"])}
                for kind in ("init", "containers", "ephemeral")
                for container in pod[kind]
            ],
        }
        for pod in state.get("pods", ())
    ]
    services = [
        {key: service[key] for key in ("name", "ip", "ready", "unready")} for service in state.get("services", ())
    ]
    return {"pods": pods, "services": services, "events": state.get("events", [])[-_SHOWN_EVENTS:]}


def _probes(pod: State, container: str) -> list[str]:
    """Name a container's probes: ``readiness HTTP :3000/readyz``."""
    spec: State = next((each for each in pod["spec"]["containers"] if each["name"] == container), {})
    probes = ((kind, spec.get(f"{kind}Probe")) for kind in ("startup", "readiness", "liveness"))
    return [f"{kind} {_handler(probe)}" for kind, probe in probes if probe]


def _handler(probe: dict[str, Any]) -> str:
    if "httpGet" in probe:
        return f"HTTP :{probe['httpGet']['port']}{probe['httpGet'].get('path', '/')}"
    if "tcpSocket" in probe:
        return f"TCP :{probe['tcpSocket']['port']}"
    return " ".join(probe.get("exec", {}).get("command", [])) or json.dumps(probe.get("grpc", {}))
