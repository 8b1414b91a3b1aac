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


def to_minimum(api: Api, objects: Iterable[Object], say: Callable[[str], None]) -> None:
    """Raise what has fewer Pods than its autoscaler's minimum to it, at once.

    The autoscaler itself first looks 15 s after it was made (``--horizontal-pod-autoscaler-sync-period``). Asked for
    through ``/scale``, the number stays nobody's in a later apply.
    """
    for item in objects:
        if item["kind"] != "HorizontalPodAutoscaler":
            continue
        wanted, target = item["spec"]["minReplicas"], item["spec"]["scaleTargetRef"]
        one = Ref(target["kind"], item["metadata"]["namespace"], target["name"])
        found = api.get(f"{one.path}/scale")
        if found and found["spec"].get("replicas", 0) < wanted:
            say(f"{one}: {wanted} replicas, its autoscaler's minimum")
            body = {"spec": {"replicas": wanted}}
            api.call("PATCH", f"{one.path}/scale", body, media=MERGE, query={"fieldManager": f"{client.MANAGER}-scale"})


def trouble(autoscaler: Object) -> str:
    """Say why an autoscaler does not scale, or nothing where it does; one that is new has not looked yet."""
    conditions = autoscaler.get("status", {}).get("conditions") or []
    said = {one["type"]: str(one.get("message", "")) for one in conditions if one.get("status") == "False"}
    if "AbleToScale" in said:
        return f"it cannot scale: {said['AbleToScale']}"
    message = said.get("ScalingActive", "")
    if "no metrics returned" in message or "did not receive metrics" in message:
        return "no figures of its Pods yet: metrics-server looks every 10 s, and leaves out Pods that just started"
    if "unable to fetch metrics" in message or "unable to get metrics" in message:
        return f"no figures: is metrics-server up? `kubectl top pods` asks it too. Its words: {message}"
    return message
