"""An environment without a cluster: its manifests get addresses, as the API would give them, and are read."""

from itertools import count

import pytest

from lab.experiments.model import from_api
from lab.experiments.model.cluster import Computer
from lab.experiments.pods import with_image
from lab.kubernetes import ephemeral

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
IMAGE = "k8-chatroulette-back:abc"
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"


@pytest.fixture
def empty():
    return from_api.cluster_model((), (), NODE, DNS, Computer())


@pytest.fixture
def described(empty):
    """Return what models a matrix's environment as if it stood."""

    def model_of(matrix, namespaces):
        setup = matrix.setup(empty, namespaces)
        numbers = count(1)
        services = [_service(manifest, next(numbers)) for manifest in setup.services]
        made = setup.pods(from_api.cluster_model((), services, NODE, DNS, Computer()))
        pods = [_pod(with_image(pod, IMAGE), next(numbers), setup) for pod in made]
        pods += [_copy(pods, copy, next(numbers)) for copy in setup.copies]
        return from_api.cluster_model(pods, services, NODE, DNS, Computer())

    return model_of


def _service(manifest, number):
    spec = {"clusterIP": f"10.96.1.{number}", **manifest["spec"]}
    ports = [{**port, "nodePort": 30000 + number * 10 + at} for at, port in enumerate(spec["ports"])]
    return {**manifest, "spec": {**spec, "ports": ports}}


def _pod(manifest, number, setup):
    name = manifest["metadata"]["name"]
    added = [pair for each in setup.ephemeral if each["pod"] == name for pair in each["containers"]]
    guests = [ephemeral.container(guest, IMAGE, target=target) for guest, target in added]
    ip = "172.18.0.2" if manifest["spec"].get("hostNetwork") else f"10.244.0.{number}"
    status = {
        "podIP": ip,
        "conditions": [{"type": "Ready", "status": "False" if name in setup.unready else "True"}],
        "containerStatuses": [_running(part, EARLY) for part in manifest["spec"]["containers"]],
        "ephemeralContainerStatuses": [_running(guest, LATE) for guest in guests],
    }
    return {**manifest, "spec": {**manifest["spec"], "ephemeralContainers": guests}, "status": status}


def _running(container, started_at):
    return {"name": container["name"], "state": {"running": {"startedAt": started_at}}}


def _copy(pods, copy, number):
    original = next(pod for pod in pods if pod["metadata"]["name"] == copy["of"])
    meta = {"name": copy["name"], "namespace": original["metadata"]["namespace"]}
    spec = {**original["spec"], "ephemeralContainers": []}
    spec["containers"] = [*spec["containers"], {"name": copy["container"], "image": "i", "command": ["sleep"]}]
    return {"metadata": meta, "spec": spec, "status": {**original["status"], "podIP": f"10.244.0.{number}"}}
