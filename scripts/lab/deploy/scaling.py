"""How many Pods there are, where an autoscaler decides it: manifests leave the number out, so that none resets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.deploy.manifests import Ref
from lab.kubernetes import client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

MERGE = "application/merge-patch+json"


def to_minimum(api: Api, objects: Iterable[Object], report: Callable[[str], None]) -> None:
    """Raise what has fewer Pods than its autoscaler's minimum to it, at once.

    The autoscaler itself first looks 15 s after it was made (``--horizontal-pod-autoscaler-sync-period``). Set through
    ``/scale``, the number is no field of a later apply.
    """
    for item in objects:
        if item["kind"] != "HorizontalPodAutoscaler":
            continue
        minimum, target = item["spec"]["minReplicas"], item["spec"]["scaleTargetRef"]
        ref = Ref(target["kind"], item["metadata"]["namespace"], target["name"])
        scale = api.get(f"{ref.path}/scale")
        if scale and scale["spec"].get("replicas", 0) < minimum:
            report(f"{ref}: {minimum} replicas, its autoscaler's minimum")
            query = {"fieldManager": f"{client.MANAGER}-scale"}
            api.call("PATCH", f"{ref.path}/scale", {"spec": {"replicas": minimum}}, media=MERGE, query=query)


def trouble(autoscaler: Object) -> str:
    """Return why an autoscaler does not scale; empty where it does, or is new and has not looked yet."""
    conditions = autoscaler.get("status", {}).get("conditions") or []
    false = {each["type"]: str(each.get("message", "")) for each in conditions if each.get("status") == "False"}
    if "AbleToScale" in false:
        return f"it cannot scale: {false['AbleToScale']}"
    message = false.get("ScalingActive", "")
    if "no metrics returned" in message or "did not receive metrics" in message:
        return "no figures of its Pods yet: metrics-server looks every 10 s, and leaves out Pods that just started"
    if "unable to fetch metrics" in message or "unable to get metrics" in message:
        return f"no figures: is metrics-server up? `kubectl top pods` asks it too. Its words: {message}"
    return message
