"""The manifests of the experiment on the course: the printed ones, and its own Pods and Service."""

from lab.config import ROOT
from lab.experiments import pods
from lab.kubernetes.objects import Object

PRINTED = ROOT / "k8s" / "lessons" / "03-printed-manifests" / "files"
MEMORY_LIMITS = {"m": "128M", "mi": "128Mi"}
"""The containers of the Pod ``units``, and their memory limits."""
_CAPITALS = {"apiversion": "apiVersion", "kind: pod": "kind: Pod"}


def printed(name: str, *, cased: bool = False) -> str:
    """Return a manifest as the course prints it, or with the capitals of its apiVersion and kind."""
    text = (PRINTED / f"{name}.yaml").read_text()
    for wrong, right in _CAPITALS.items() if cased else ():
        text = text.replace(wrong, right)
    return text


def objects() -> list[Object]:
    """Return a Pod of two containers that share a volume, one that is never ready and its Service, a greedy one."""
    requests = {"memory": "16Mi", "cpu": "10m"}
    both = [
        pods.idle(name, "busybox", resources={"requests": requests, "limits": {"memory": limit}})
        for name, limit in MEMORY_LIMITS.items()
    ]
    never = pods.Probe(failures=1).fields({"exec": {"command": ["false"]}})
    waiting = pods.idle("waiting", "busybox", readinessProbe=never)
    greedy = pods.idle("greedy", "busybox", resources={"requests": {"cpu": "1000"}})
    return [
        pods.pod("units", *both, grace=0),
        pods.pod("waiting", waiting, grace=0),
        pods.pod("greedy", greedy, grace=0),
        pods.service("cats", "waiting"),
    ]
