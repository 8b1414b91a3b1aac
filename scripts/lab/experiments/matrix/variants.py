"""The counterfactuals: what is changed of a Pod, one thing at a time. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.experiments.matrix import manifests
from lab.experiments.matrix.manifests import PORT, Guests
from lab.experiments.model.from_api import HOSTS_LINE
from lab.experiments.results import Label
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.experiments.model.cluster import World
    from lab.kubernetes.objects import Object


CONTAINER = "back"
HOSTNAME, ALIAS, EDITED, LITTER = "felix", "minou", "griffe", "litter"
"""Names that a variant may give: by spec.hostname, hostAliases, a hand edit, and as the subdomain."""
_NOBODY = 3999
"""A port where nothing listens."""
_ON_NODE, _MANY = 11_000, 9_000
"""Ports of the node that neither Kubernetes' own programs nor NodePorts (from 30000) use, and how many."""


@dataclass(frozen=True)
class Variant:
    """One counterfactual; the base is the one without an id.

    ``named`` is the Pod's name where that is the change, ``bind`` the app's, ``spec`` are fields of the Pod.
    ``own_service`` makes a Service of the Pod's name; ``edited`` has a line written into its hosts file, after which
    ``visited`` starts an ephemeral container.
    """

    id: str
    short: tuple[str, str]
    more: tuple[str, str]
    named: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    bind: str = "0.0.0.0"  # noqa: S104 - what the backend in its Pod binds to
    renamed: bool = False
    unready: bool = False
    own_service: bool = False
    edited: bool = False
    visited: bool = False

    @property
    def pod(self) -> str:
        """The name of its Pod."""
        return self.named or self._short

    @property
    def service(self) -> str:
        """The name of the Service that leads to its Pod."""
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

    @property
    def label(self) -> Label:
        """Its label."""
        return Label(self.id, Text(en=self.short[0], fr=self.short[1]), Text(en=self.more[0], fr=self.more[1]))


BASE = Variant("", ("as it is", "tel quel"), ("A Pod with nothing set.", "Un Pod où rien n’est défini."))

_BINDS = (
    Variant(
        "bind-loopback4",
        ("bind to 127.0.0.1", "écouter sur 127.0.0.1"),
        ("The app listens on IPv4’s loopback only.", "L’application n’écoute que sur la boucle locale IPv4."),
        bind="127.0.0.1",
    ),
    Variant(
        "bind-pod-ip",
        ("bind to the Pod IP", "écouter sur l’IP du Pod"),
        ("The app listens on the Pod’s own address only.", "L’application n’écoute que sur l’adresse du Pod."),
        bind="pod-ip",
    ),
    Variant(
        "bind-any6",
        ("bind to [::]", "écouter sur [::]"),
        ("The app listens on every address, of both kinds.", "L’application écoute sur toutes les adresses."),
        bind="::",
    ),
    Variant(
        "bind-loopback6",
        ("bind to [::1]", "écouter sur [::1]"),
        ("The app listens on IPv6’s loopback only.", "L’application n’écoute que sur la boucle locale IPv6."),
        bind="::1",
    ),
)

_NAMES = (
    Variant(
        "rename",
        ("rename the container", "renommer le conteneur"),
        ("The container gets the Pod’s name.", "Le conteneur prend le nom du Pod."),
        renamed=True,
    ),
    Variant(
        "hostname",
        ("set hostname", "définir hostname"),
        (f"spec.hostname is {HOSTNAME}.", f"spec.hostname vaut {HOSTNAME}."),
        spec={"hostname": HOSTNAME},
    ),
    Variant(
        "subdomain",
        ("set subdomain", "définir subdomain"),
        (
            "spec.subdomain names a headless Service; spec.hostname stays unset.",
            "spec.subdomain nomme un Service headless ; spec.hostname reste absent.",
        ),
        spec={"subdomain": LITTER},
    ),
    Variant(
        "hostname-subdomain",
        ("set both", "définir les deux"),
        (
            "spec.hostname is the Pod’s own name, spec.subdomain names a headless Service.",
            "spec.hostname est le nom même du Pod, spec.subdomain nomme un Service headless.",
        ),
        spec={"hostname": "cat-hostname-subdomain", "subdomain": LITTER},
    ),
    Variant(
        "host-aliases",
        ("set hostAliases", "définir hostAliases"),
        (f"spec.hostAliases gives 127.0.0.1 the name {ALIAS}.", f"spec.hostAliases donne à 127.0.0.1 le nom {ALIAS}."),
        spec={"hostAliases": [{"ip": "127.0.0.1", "hostnames": [ALIAS]}]},
    ),
    Variant(
        "hosts-edit",
        ("edit /etc/hosts", "modifier /etc/hosts"),
        (
            f"A line in /etc/hosts, written by hand, gives 127.0.0.1 the name {EDITED}.",
            f"Une ligne de /etc/hosts, écrite à la main, donne à 127.0.0.1 le nom {EDITED}.",
        ),
        edited=True,
    ),
    Variant(
        "hosts-edit-guest",
        ("edit it, then debug", "le modifier, puis déboguer"),
        (
            "The same line; then an ephemeral container is started, and kubelet writes the file anew.",
            "La même ligne ; puis on lance un conteneur éphémère, et kubelet récrit le fichier.",
        ),
        edited=True,
        visited=True,
    ),
    Variant(
        "long-name",
        ("a very long name", "un nom très long"),
        (
            "The Pod’s name has 66 characters, of which a hostname holds 63.",
            "Le nom du Pod a 66 caractères, dont un nom d’hôte garde 63.",
        ),
        named="cat-whose-name-is-so-long-that-no-hostname-can-hold-the-half-of-it",
    ),
    Variant(
        "service-like-pod",
        ("a Service of its name", "un Service de son nom"),
        ("A Service bears the Pod’s own name.", "Un Service porte le nom même du Pod."),
        own_service=True,
    ),
)

_PLACES = (
    Variant(
        "host-network",
        ("set hostNetwork", "définir hostNetwork"),
        ("The Pod uses the node’s own network.", "Le Pod utilise le réseau même du nœud."),
        spec={"hostNetwork": True},
    ),
    Variant(
        "host-network-dns",
        ("hostNetwork, cluster DNS", "hostNetwork, DNS du cluster"),
        (
            "The node’s network, with dnsPolicy ClusterFirstWithHostNet.",
            "Le réseau du nœud, avec dnsPolicy ClusterFirstWithHostNet.",
        ),
        spec={"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
    ),
    Variant(
        "dns-default",
        ("dnsPolicy Default", "dnsPolicy Default"),
        ("The Pod asks the node’s own DNS servers.", "Le Pod interroge les serveurs DNS du nœud."),
        spec={"dnsPolicy": "Default"},
    ),
    Variant(
        "dns-none",
        ("dnsPolicy None", "dnsPolicy None"),
        (
            "The Pod’s dnsConfig names the cluster’s DNS server, and no search list.",
            "Le dnsConfig du Pod nomme le serveur DNS du cluster, sans liste de recherche.",
        ),
        spec={"dnsPolicy": "None"},
    ),
    Variant(
        "unready",
        ("make it un-ready", "le rendre non prêt"),
        ("Its readiness probe fails.", "Sa probe de readiness échoue."),
        unready=True,
    ),
)

VARIANTS: Sequence[Variant] = (*_BINDS, *_NAMES, *_PLACES)


def pod(variant: Variant, namespace: str, image: str, world: World) -> Object:
    """Return the variant's Pod."""
    more: dict[str, Any] = dict(variant.spec)
    if more.get("dnsPolicy") == "None":
        more["dnsConfig"] = {"nameservers": [world.cluster.dns_ip]}
    containers = [app(variant, namespace, image)]
    if variant.edited:
        containers.append(writer(image))
    return manifests.pod(namespace, variant.pod, *containers, **more)


def app(variant: Variant, namespace: str, image: str) -> Object:
    """Return the app's container; what listens where no probe reaches it has none."""
    port = variant.port(namespace)
    probed = _NOBODY if variant.unready else port
    ready = {"tcpSocket": {"port": probed}, "periodSeconds": 1}
    reached = variant.bind not in {"127.0.0.1", "::1"}
    return manifests.standin(
        image,
        name=variant.container,
        bind=variant.bind,
        port=port,
        readinessProbe=ready if reached else None,
    )


def writer(image: str) -> Object:
    """Return a container that writes a line into the hosts file as root, as a person might, and then sleeps.

    The file is root's and the Pod's own: every container of the Pod has the same one mounted. It has started, and
    the Pod is Ready, once the line is in the file.
    """
    line = f"os.environ['{HOSTS_LINE}']"
    source = f"import os, time; print({line}, file=open('/etc/hosts', 'a'), flush=True); time.sleep(1e6)"
    written = {"exec": {"command": ["python3", "-I", "-c", f"import os; assert {line} in open('/etc/hosts').read()"]}}
    made = manifests.idle(
        image,
        "writer",
        env=[{"name": HOSTS_LINE, "value": f"127.0.0.1 {EDITED}"}],
        startupProbe=manifests.looks(written),
    )
    rights = {**made["securityContext"], "runAsNonRoot": False, "runAsUser": 0}
    return {**made, "command": ["python3", "-I", "-c", source], "securityContext": rights}


def services(variant: Variant, namespace: str) -> list[Object]:
    """Return the Services of a variant: one that leads to its Pod, and one of the Pod's name where it has that."""
    names = [variant.service, variant.pod] if variant.own_service else [variant.service]
    return [manifests.service(namespace, name, variant.pod, (80, variant.port(namespace))) for name in names]


def guests(variant: Variant, image: str) -> list[Guests]:
    """Return the ephemeral container that makes kubelet write the hosts file anew, once the edit is in it.

    It starts in a later second than the writer, as the API counts: the model tells by that which of the two came last.
    """
    if not variant.visited:
        return []
    return [Guests(variant.pod, [manifests.guest(image, "guest")], after="writer", apart=2.0)]
