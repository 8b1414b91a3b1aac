"""The Pods and Services that the matrices need, as the API takes them; their image is filled in later. Pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.experiments import pods
from lab.experiments.matrix import stub_server
from lab.kubernetes.objects import Object

PORT = pods.PORT
PART_OF = "chatroulette.lab/part-of"
"""The label that all Pods of one matrix have."""
_POD_IP: Object = {"name": "BIND", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def pod(namespace: str, name: str, *containers: Object, **spec: Any) -> Object:
    """Return a Pod that ends without grace; ``spec`` are the spec's own fields."""
    made = pods.pod(name, *containers, grace=0, **spec)
    labels = {**made["metadata"]["labels"], PART_OF: "matrix"}
    return {**made, "metadata": {"name": name, "namespace": namespace, "labels": labels}}


def container(*, runs: str = "", bind: str = "0.0.0.0", port: int = PORT, **fields: Any) -> Object:  # noqa: S104
    """Return a container with these fields, which sleeps, or ``runs`` the backend, or a stub of it.

    To ``bind`` is an address, or ``pod-ip``. Both are Ready a second after they listen, unless probed otherwise. The
    stub names its Pod, as the backend does, at a twentieth of its cost.
    """
    if not runs:
        return {**pods.idle(fields["name"]), **fields}
    ready = {"httpGet": {"path": "/readyz", "port": port}, "periodSeconds": 1}
    made = pods.backend(env={"PORT": str(port)}, **{"readinessProbe": ready, **fields})
    made["env"].append(_POD_IP if bind == "pod-ip" else {"name": "BIND", "value": bind})
    if runs == "stub":
        made["command"] = ["python3", "-I", "-c", Path(stub_server.__file__).read_text(encoding="utf-8")]
    return made


def service(namespace: str, name: str, of: str = "", type: str = "ClusterIP", ports: Sequence[Object] = ()) -> Object:  # noqa: A002
    """Return a Service that leads to the Pod ``of``; its ``ports`` are 80 to the app's by default.

    Without a Pod it is headless: DNS leads to the Pods of the matrix that name it as their subdomain.
    """
    listed = ports or [{"port": 80, "target": PORT}]
    spec: Object = {
        "type": type,
        "selector": {pods.LABEL: pods.labelled(of)},
        "ports": [{"name": f"p{each['port']}", "port": each["port"], "targetPort": each["target"]} for each in listed],
    }
    if not of:
        spec = {"clusterIP": "None", "selector": {PART_OF: "matrix"}, "ports": [{"port": PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
