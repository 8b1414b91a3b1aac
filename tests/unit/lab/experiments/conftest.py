"""A stage without a cluster: what was to be made gets addresses, as the API would give them, and is described."""

from itertools import count

import pytest

from lab.experiments.model import from_api
from lab.experiments.model.cluster import Computer

NODE = {
    "metadata": {"name": "cats-control-plane"},
    "status": {
        "addresses": [
            {"type": "InternalIP", "address": "172.18.0.2"},
            {"type": "Hostname", "address": "cats-control-plane"},
        ],
        "nodeInfo": {"containerRuntimeVersion": "containerd://2.4.2"},
    },
}
DNS = {"metadata": {"name": "kube-dns", "namespace": "kube-system"}, "spec": {"clusterIP": "10.96.0.10"}}
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"


@pytest.fixture
def empty():
    return from_api.world(from_api.Live((), (), NODE, DNS), Computer())


@pytest.fixture
def described(empty):
    """Return what describes a cast as if it stood."""

    def describe_cast(matrix, namespaces):
        cast = matrix.cast(empty, "k8-chatroulette-back:abc", namespaces)
        numbers = count(1)
        services = [_service(one, next(numbers)) for one in cast.services]
        pods = [_pod(one, next(numbers), cast) for one in cast.pods(services)]
        pods += [_copy(pods, one, next(numbers)) for one in cast.copies]
        return from_api.world(from_api.Live(pods, services, NODE, DNS), Computer())

    return describe_cast


def _service(one, number):
    spec = {"clusterIP": f"10.96.1.{number}", **one["spec"]}
    ports = [{**port, "nodePort": 30000 + number * 10 + at} for at, port in enumerate(spec["ports"])]
    return {**one, "spec": {**spec, "ports": ports}}


def _pod(one, number, cast):
    name = one["metadata"]["name"]
    guests = [one for each in cast.guests if each.pod == name for one in each.containers]
    ip = "172.18.0.2" if one["spec"].get("hostNetwork") else f"10.244.0.{number}"
    ready = "False" if name in cast.unready else "True"
    status = {
        "podIP": ip,
        "conditions": [{"type": "Ready", "status": ready}],
        "containerStatuses": [_runs(each, EARLY) for each in one["spec"]["containers"]],
        "ephemeralContainerStatuses": [_runs(each, LATE) for each in guests],
    }
    return {**one, "spec": {**one["spec"], "ephemeralContainers": guests}, "status": status}


def _runs(container, since):
    return {"name": container["name"], "state": {"running": {"startedAt": since}}}


def _copy(pods, copy, number):
    of = next(one for one in pods if one["metadata"]["name"] == copy.of)
    meta = {"name": copy.name, "namespace": of["metadata"]["namespace"]}
    spec = {**of["spec"], "ephemeralContainers": []}
    spec["containers"] = [*spec["containers"], {"name": copy.container, "image": "i", "command": ["sleep"]}]
    return {"metadata": meta, "spec": spec, "status": {**of["status"], "podIP": f"10.244.0.{number}"}}
