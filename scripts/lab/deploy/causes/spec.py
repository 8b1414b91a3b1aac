"""What is certain from the spec alone, before anything was tried."""

from lab.deploy.causes.case import Case, Container, Diagnosis
from lab.kubernetes import quantities
from lab.kubernetes.objects import Object

_LEAST_BYTES = 1 << 20
"""No container starts with less: its runtime alone takes more (runc asks for some MiB while it starts)."""
_MANY_CORES = 32


def port_name(case: Case, container: Container) -> Diagnosis | None:
    """Name a port that the container does not have: kubelet's probe then has no result, so it is never Ready."""
    names = {port.get("name") for port in container.spec.get("ports") or []}
    for kind in ("startup", "readiness", "liveness"):
        probe = container.spec.get(f"{kind}Probe") or {}
        port = next((probe[handler].get("port") for handler in ("httpGet", "tcpSocket") if probe.get(handler)), None)
        if isinstance(port, str) and not port.isdigit() and port not in names:
            return case.diagnosis("port-name", container.name, kind=kind, port=port)
    return None


def memory_unit(case: Case, container: Container) -> Diagnosis | None:
    """Name a limit that no process fits in, such as `64m`: thousandths of a byte."""
    owner = next((each for each in (container.spec, case.pod["spec"]) if _limit(each)), {})
    limit = _limit(owner)
    if not limit or quantities.exact(limit) >= _LEAST_BYTES:
        return None
    number = limit.rstrip("mkKiB")
    whose = f"container {container.name}" if owner is container.spec else "the whole Pod"
    return case.diagnosis("unit", container.name, whose=whose, limit=limit, meant=f"{number}Mi")


def too_many_cores(pod: Object) -> str:
    """Return what to say of a request for more cores than a computer has, `250` instead of `250m`; else nothing."""
    owners = [pod["spec"], *(pod["spec"].get("containers") or []), *(pod["spec"].get("initContainers") or [])]
    requests = (((owner.get("resources") or {}).get("requests") or {}).get("cpu", "0") for owner in owners)
    asked = next((str(cpu) for cpu in requests if quantities.exact(str(cpu)) >= _MANY_CORES), "")
    return f"it requests {asked} cores; {asked}m, thousandths of one, may be meant. " if asked.isdigit() else ""


def memory_limit(case: Case, container: Container) -> str:
    """Return the container's limit, else the Pod's own (``spec.resources``, Kubernetes 1.34)."""
    return _limit(container.spec) or _limit(case.pod["spec"]) or "the node's memory"


def _limit(owner: Object) -> str:
    return str(((owner.get("resources") or {}).get("limits") or {}).get("memory", ""))
