"""The rules of those who dial for somebody else: port-forward, the API server's proxy, kubelet's probes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lab.experiments.model.rule import Rule, table
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from lab.experiments.model.cluster import Cluster

_K8S = "https://kubernetes.io/docs"
_PROBES = f"{_K8S}/concepts/configuration/liveness-readiness-startup-probes/"
_FORWARD = "https://github.com/containerd/containerd/blob/v2.4.2/internal/cri/server/sandbox_portforward_linux.go"
FALLS_BACK = (2, 5)
"""The first containerd that may dial the Pod IP too, https://github.com/containerd/containerd/pull/14074."""


def _falls_back(cluster: Cluster) -> bool:
    found = re.match(r"containerd://v?(\d+)\.(\d+)", cluster.runtime)
    return found is not None and (int(found[1]), int(found[2])) >= FALLS_BACK


_FORWARDED = (
    Rule(
        "forward-localhost",
        _FORWARD,
        Text(
            en="port-forward dials localhost inside the Pod: 127.0.0.1, then ::1.",
            fr="port-forward appelle localhost dans le Pod : 127.0.0.1, puis ::1.",
        ),
        lambda: True,
    ),
    Rule(
        "forward-falls-back",
        "https://github.com/containerd/containerd/pull/14074",
        Text(
            en="A newer containerd then tries the Pod IP; 2.4 does not.",
            fr="Un containerd plus récent essaie ensuite l’IP du Pod ; la version 2.4, non.",
        ),
        _falls_back,
    ),
    Rule(
        "forward-unready",
        "https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/kubectl/pkg/cmd/portforward/portforward.go",
        Text(
            en="port-forward asks only that the Pod runs, not that it is ready.",
            fr="port-forward demande seulement que le Pod tourne, pas qu’il soit prêt.",
        ),
        lambda: True,
    ),
    Rule(
        "proxy-dials-pod-ip",
        f"{_K8S}/tasks/access-application-cluster/access-cluster-services/",
        Text(
            en="The API server's proxy dials the Pod IP.",
            fr="Le proxy de l’API server appelle l’IP du Pod.",
        ),
        lambda: True,
    ),
)
"""Who dials for somebody else: port-forward, and the API server’s proxy."""

_PROBED = (
    Rule(
        "probe-from-node",
        _PROBES,
        Text(
            en="kubelet's HTTP and TCP probes come from the node's network namespace.",
            fr="Les probes HTTP et TCP de kubelet partent du namespace réseau du nœud.",
        ),
        lambda: True,
    ),
    Rule(
        "probe-pod-ip",
        _PROBES,
        Text(
            en="A probe without `host` dials the Pod IP.",
            fr="Une probe sans `host` appelle l’IP du Pod.",
        ),
        lambda host: not host,
    ),
    Rule(
        "probe-exec-inside",
        _PROBES,
        Text(
            en="An exec probe's command runs inside the container.",
            fr="La commande d’une probe exec tourne dans le conteneur.",
        ),
        lambda: True,
    ),
)
"""From where kubelet’s probes come, and to whom."""

RULES = table(*_FORWARDED, *_PROBED)
