"""What is certain from the spec alone, before anything was tried."""

from lab.deploy.causes.case import Case, Container, Diagnosis
from lab.kubernetes import quantities
from lab.kubernetes.objects import Object

_LEAST_BYTES = 1 << 20
"""No container starts with less: its runtime alone takes more (runc asks for some MiB while it starts)."""
_MANY_CORES = 32


def port_name(case: Case, container: Container) -> Diagnosis | None:
    """Name a port that the container does not have: kubelet's probe then has no result, so it is never Ready."""
    kind, port = unknown_port(container.spec)
    return case.diagnosis("port-name", container.name, kind=kind, port=port) if port else None


def unknown_port(container: Object) -> tuple[str, str]:
    """Return the probe of a container that asks for a port by a name which the container has not, and that name."""
    names = {port.get("name") for port in container.get("ports") or []}
    for kind in ("startup", "readiness", "liveness"):
        probe = container.get(f"{kind}Probe") or {}
        port = next((probe[handler].get("port") for handler in ("httpGet", "tcpSocket") if probe.get(handler)), None)
        if isinstance(port, str) and not port.isdigit() and port not in names:
            return kind, port
    return "", ""


def memory_unit(case: Case, container: Container) -> Diagnosis | None:
    limit, meant = too_little_memory(container.spec)
    whose = f"container {container.name}"
    return case.diagnosis("unit", container.name, whose=whose, limit=limit, meant=meant) if limit else None


def too_little_memory(owner: Object) -> tuple[str, str]:
    """Return a limit that no process fits in, such as `64m`, thousandths of a byte, and what may be meant."""
    limit = _limit(owner)
    number = _number(limit)
    if number is None or number >= _LEAST_BYTES:
        return "", ""
    return limit, f"{limit.rstrip('mkKiB')}Mi"


def too_many_cores(owner: Object) -> tuple[str, str]:
    """Return a request or limit of more cores than a computer has, such as `250` or `250Mi`, and what may be meant."""
    resources = owner.get("resources") or {}
    for kind in ("requests", "limits"):
        cpu = str((resources.get(kind) or {}).get("cpu", "0"))
        if (_number(cpu) or 0) >= _MANY_CORES:
            return cpu, f"{cpu.rstrip('kKMGTi')}m"
    return "", ""


def memory_limit(case: Case, container: Container) -> str:
    """Return the container's limit, else the Pod's own (``spec.resources``, Kubernetes 1.34)."""
    return _limit(container.spec) or _limit(case.pod["spec"]) or "the node's memory"


def _limit(owner: Object) -> str:
    return str(((owner.get("resources") or {}).get("limits") or {}).get("memory", ""))


def _number(quantity: str) -> float | None:
    """Return a quantity's number; None for what is no quantity: the API server refuses that with better words."""
    try:
        return float(quantities.exact(quantity))
    except ValueError:
        return None
