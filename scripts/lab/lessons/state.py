"""The state of a lesson's namespace as conditions read it: live objects, made short. Pure but for ``read``."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from lab.experiments.texts import Language, load
from lab.kubernetes import pod_status
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object, is_condition_true
from lab.kubernetes.quantities import millicores, size

State = dict[str, Any]
_TEXTS = load("lessons").section("pod")
_KINDS = {"containers": pod_status.APP, "init": pod_status.INIT, "ephemeral": pod_status.EPHEMERAL}
_SPECS = {"containers": "containers", "init": "initContainers", "ephemeral": "ephemeralContainers"}
ANSWER = "answer"
"""The ConfigMap into which a learner writes what cannot be seen otherwise."""
_ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap that every namespace has."""


def read(api: Api, namespace: str, language: Language = "en") -> State:
    """Read the namespace; raises LabError where the API server does not answer."""
    core, slices = f"/api/v1/namespaces/{namespace}", f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    paths = {
        "pods": f"{core}/pods",
        "services": f"{core}/services",
        "slices": slices,
        "configmaps": f"{core}/configmaps",
        "events": f"{core}/events",
        "deployments": f"/apis/apps/v1/namespaces/{namespace}/deployments",
        "nodes": "/api/v1/nodes",
    }
    with ThreadPoolExecutor(len(paths)) as pool:
        items = dict(zip(paths, pool.map(api.items, paths.values()), strict=True))
    return view(items, language)


def view(items: Mapping[str, list[Object]], language: Language = "en") -> State:
    """Make the live objects short; a Pod that is being deleted is not among the Pods."""
    now = datetime.now(UTC)
    configmaps = [
        {"name": item["metadata"]["name"], "data": item.get("data") or {}}
        for item in items["configmaps"]
        if item["metadata"]["name"] != _ROOT_CA
    ]
    return {
        "pods": [_pod(pod, now, language) for pod in items["pods"] if not pod_status.is_ending(pod)],
        "services": [_service(service, items["slices"]) for service in items["services"]],
        "configmaps": configmaps,
        "answer": next((each["data"] for each in configmaps if each["name"] == ANSWER), {}),
        "events": [_event(event) for event in items["events"]],
        "deployments": [_deployment(item) for item in items["deployments"]],
        "nodes": [
            {"name": node["metadata"]["name"], "ready": is_condition_true(node, "Ready")} for node in items["nodes"]
        ],
    }


def _pod(pod: Object, now: datetime, language: Language) -> State:
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
    groups = {name: _containers(pod, _SPECS[name], kind) for name, kind in _KINDS.items()}
    owners = meta.get("ownerReferences") or []
    short: State = {
        "name": meta["name"],
        "phase": status.get("phase", ""),
        "ready": pod_status.is_ready(pod),
        "ip": status.get("podIP", ""),
        "node": spec.get("nodeName", ""),
        "qos": status.get("qosClass", ""),
        "owner": owners[0]["kind"] if owners else "",
        "labels": meta.get("labels") or {},
        "annotations": meta.get("annotations") or {},
        "images": [container["image"] for container in spec["containers"]],
        "age": (now - datetime.fromisoformat(meta["creationTimestamp"])).total_seconds(),
        **groups,
        "spec": spec,
        "status": status,
    }
    return {**short, "summary": _summary(short, language)}


def _containers(pod: Object, spec_key: str, kind: str) -> list[State]:
    """Return a group's containers in the order of the spec."""
    statuses = {status["name"]: status for status in pod_status.container_statuses(pod, kind)}
    return [_container(spec, statuses.get(spec["name"], {})) for spec in pod["spec"].get(spec_key) or []]


def _container(spec: Object, status: Object) -> State:
    end = pod_status.last_terminated(status)
    return {
        "name": spec["name"],
        "image": spec["image"],
        "state": pod_status.state(status),
        "reason": pod_status.describe(status) if status else "",
        "restarts": pod_status.restarts(status),
        "exit": end.get("exitCode"),
        "ended": end.get("reason", ""),
        "ready": bool(status.get("ready")),
        **{kind: _amounts((spec.get("resources") or {}).get(kind) or {}) for kind in ("requests", "limits")},
    }


def _amounts(quantities: Mapping[str, str]) -> State:
    """Return millicores and bytes; None where there is no such request or limit."""
    cpu, memory = quantities.get("cpu"), quantities.get("memory")
    return {"cpu": millicores(cpu) if cpu else None, "memory": size(memory) if memory else None}


def _summary(pod: State, language: Language) -> str:
    """Say a Pod's state as ``kubectl get pods`` would: ``mypod CrashLoopBackOff, 3 restarts``."""
    every = [*pod["init"], *pod["containers"]]
    troubled = next((container for container in every if container["state"] == "waiting"), None) or next(
        (container for container in pod["containers"] if container["state"] == "terminated"), None
    )
    word = troubled["reason"] if troubled else pod["phase"]
    restarts = sum(container["restarts"] for container in every)
    parts = [f"{pod['name']} {word}"]
    if word == "Running" and not pod["ready"]:
        parts.append(_TEXTS["not-ready"].of(language))
    if restarts:
        parts.append(_TEXTS["restarts" if restarts > 1 else "restart"].format(count=restarts).of(language))
    return ", ".join(parts)


def _service(service: Object, slices: list[Object]) -> State:
    meta, spec = service["metadata"], service["spec"]
    endpoints = [
        endpoint
        for item in slices
        if (item["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == meta["name"]
        for endpoint in item.get("endpoints") or []
    ]

    def addresses(wanted: Callable[[Object], bool]) -> list[str]:
        return [address for endpoint in endpoints if wanted(endpoint) for address in endpoint["addresses"]]

    return {
        "name": meta["name"],
        "type": spec.get("type", ""),
        "ip": spec.get("clusterIP", ""),
        "selector": spec.get("selector") or {},
        "ports": spec.get("ports") or [],
        "ready": addresses(lambda endpoint: endpoint.get("conditions", {}).get("ready") is not False),
        "unready": addresses(lambda endpoint: endpoint.get("conditions", {}).get("ready") is False),
        "spec": spec,
    }


def _deployment(item: Object) -> State:
    status = item.get("status", {})
    return {
        "name": item["metadata"]["name"],
        "replicas": item["spec"].get("replicas", 1),
        "ready": status.get("readyReplicas", 0),
        "updated": status.get("updatedReplicas", 0),
        "spec": item["spec"],
        "status": status,
    }


def _event(event: Object) -> State:
    involved = event.get("involvedObject", {})
    return {
        "type": event.get("type", ""),
        "reason": event.get("reason", ""),
        "message": event.get("message", ""),
        "kind": involved.get("kind", ""),
        "name": involved.get("name", ""),
        "count": event.get("count") or 1,
    }
