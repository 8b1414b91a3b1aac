"""The manifests that the experiment on the course types: the printed ones, and the smallest that ask one thing."""

import json
from collections.abc import Callable
from typing import Any

from lab.config import ROOT
from lab.experiments import pods
from lab.kubernetes.objects import Object

PRINTED = ROOT / "k8s" / "lessons" / "03-printed-manifests" / "files"
MEMORY_LIMITS = {"m": "128M", "mi": "128Mi"}
"""The containers of the Pod ``units``, and their memory limits."""
_CAPITALS = {"apiversion": "apiVersion", "kind: pod": "kind: Pod"}


def printed(name: str) -> str:
    """Return a manifest as the course prints it."""
    return (PRINTED / f"{name}.yaml").read_text()


def cased(name: str) -> str:
    """Return the same with the capitals of its apiVersion and kind."""
    text = printed(name)
    for wrong, right in _CAPITALS.items():
        text = text.replace(wrong, right)
    return text


def minimal(**spec: Any) -> Callable[[], str]:
    """Return the smallest Pod, as JSON, with these fields of its container."""
    return lambda: pod({"name": "one", "image": "busybox", **spec})


def pod(*containers: Object, **fields: Any) -> str:
    """Return a Pod of these containers, as JSON; a field that is None is left out."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one"},
        "spec": {"containers": list(containers)},
    }
    return json.dumps({key: value for key, value in {**manifest, **fields}.items() if value is not None})


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
