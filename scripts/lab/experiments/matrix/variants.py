"""The counterfactuals: what is changed of a Pod, one thing at a time. Pure."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.experiments import texts
from lab.experiments.matrix import manifests
from lab.experiments.matrix.labels import labels
from lab.experiments.matrix.manifests import PORT, EphemeralContainers
from lab.experiments.model.cluster import ClusterModel
from lab.experiments.model.from_api import HOSTS_LINE
from lab.experiments.pods import idle
from lab.kubernetes.objects import Object

CONTAINER = "back"
HOSTNAME, ALIAS, EDITED, SUBDOMAIN = "felix", "minou", "griffe", "litter"
"""Names that a variant may give: by spec.hostname, hostAliases, a hand edit, and as the subdomain."""
_CLOSED_PORT = 3999
_ON_NODE, _MANY = 11_000, 9_000
"""Ports of the node that neither Kubernetes' own programs nor NodePorts (from 30000) use, and how many."""


@dataclass(frozen=True)
class Variant:
    """One counterfactual; the base is the one without an id.

    ``name`` is the Pod's where that is the change, ``bind`` the app's, ``spec`` are fields of the Pod. ``own_service``
    makes a Service of the Pod's name; ``edited`` has a line written into its hosts file, after which ``debugged``
    starts an ephemeral container.
    """

    id: str
    name: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    bind: str = "0.0.0.0"  # noqa: S104 - what the backend in its Pod binds to
    renamed: bool = False
    unready: bool = False
    own_service: bool = False
    edited: bool = False
    debugged: bool = False

    @property
    def pod(self) -> str:
        return self.name or self._short

    @property
    def service(self) -> str:
        return f"{self._short}-svc"

    @property
    def _short(self) -> str:
        return f"cat-{self.id}" if self.id else "cat"

    @property
    def container(self) -> str:
        """The name of the app's container."""
        return self.pod if self.renamed else CONTAINER

    def port(self, namespace: str) -> int:
        """Return the app's port; on the node's own network one that hardly anybody else has there."""
        if "hostNetwork" not in self.spec:
            return PORT
        return _ON_NODE + zlib.crc32(f"{namespace}/{self.pod}".encode()) % _MANY


BASE = Variant("")
VARIANTS: Sequence[Variant] = (
    Variant("bind-loopback4", bind="127.0.0.1"),
    Variant("bind-pod-ip", bind="pod-ip"),
    Variant("bind-any6", bind="::"),
    Variant("bind-loopback6", bind="::1"),
    Variant("rename", renamed=True),
    Variant("hostname", spec={"hostname": HOSTNAME}),
    Variant("subdomain", spec={"subdomain": SUBDOMAIN}),
    Variant("hostname-subdomain", spec={"hostname": "cat-hostname-subdomain", "subdomain": SUBDOMAIN}),
    Variant("host-aliases", spec={"hostAliases": [{"ip": "127.0.0.1", "hostnames": [ALIAS]}]}),
    Variant("hosts-edit", edited=True),
    Variant("hosts-edit-guest", edited=True, debugged=True),
    Variant("long-name", name="cat-whose-name-is-so-long-that-no-hostname-can-hold-the-half-of-it"),
    Variant("service-like-pod", own_service=True),
    Variant("host-network", spec={"hostNetwork": True}),
    Variant("host-network-dns", spec={"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}),
    Variant("dns-default", spec={"dnsPolicy": "Default"}),
    Variant("dns-none", spec={"dnsPolicy": "None"}),
    Variant("unready", unready=True),
)
LABELS = labels(texts.load("whatif").section("variants", [variant.id for variant in VARIANTS]))


def pod(variant: Variant, namespace: str, model: ClusterModel) -> Object:
    spec: dict[str, Any] = dict(variant.spec)
    if spec.get("dnsPolicy") == "None":
        spec["dnsConfig"] = {"nameservers": [model.cluster.dns_ip]}
    containers = [_app(variant, namespace), *([writer()] if variant.edited else [])]
    return manifests.pod(namespace, variant.pod, *containers, **spec)


def _app(variant: Variant, namespace: str) -> Object:
    """Return the app's container; what listens where no probe reaches it has none."""
    port = variant.port(namespace)
    ready = {"tcpSocket": {"port": _CLOSED_PORT if variant.unready else port}, "periodSeconds": 1}
    reached = variant.bind not in {"127.0.0.1", "::1"}
    readiness = ready if reached else None
    return manifests.stub(name=variant.container, bind=variant.bind, port=port, readinessProbe=readiness)


def writer() -> Object:
    """Return a container that writes a line into the hosts file as root, as a person might, and then sleeps.

    The file is root's and the Pod's own: every container of the Pod has the same one mounted. It has started, and
    the Pod is Ready, once the line is in the file.
    """
    line = f"os.environ['{HOSTS_LINE}']"
    source = f"import os, time; print({line}, file=open('/etc/hosts', 'a'), flush=True); time.sleep(1e6)"
    check = {"exec": {"command": ["python3", "-I", "-c", f"import os; assert {line} in open('/etc/hosts').read()"]}}
    env = [{"name": HOSTS_LINE, "value": f"127.0.0.1 {EDITED}"}]
    made = idle("writer", env=env, startupProbe=manifests.probe(check))
    as_root = {**made["securityContext"], "runAsNonRoot": False, "runAsUser": 0}
    return {**made, "command": ["python3", "-I", "-c", source], "securityContext": as_root}


def services(variant: Variant, namespace: str) -> list[Object]:
    """Return the Services of a variant: one that leads to its Pod, and one of the Pod's name where it has that."""
    names = [variant.service, variant.pod] if variant.own_service else [variant.service]
    return [manifests.service(namespace, name, variant.pod, (80, variant.port(namespace))) for name in names]


def ephemeral(variant: Variant) -> list[EphemeralContainers]:
    """Return the ephemeral container that makes kubelet write the hosts file anew, once the edit is in it.

    It starts in a later second than the writer, as the API counts: the model tells by that which of the two came last.
    """
    if not variant.debugged:
        return []
    return [EphemeralContainers(variant.pod, [("guest", "")], after="writer", apart=2.0)]
