"""The field of a description that a rule goes by: the exhibit that a learner can change."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from lab.experiments.matrix.exhibits import field
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.experiments.model.cluster import Pod, Service, Vantage, World
    from lab.experiments.model.connect import Aim
    from lab.experiments.results import Exhibit


def of_rules(world: World, vantage: Vantage, aim: Aim, rules: Sequence[str]) -> Iterator[Exhibit]:
    """Yield the field behind each rule that has one: of the Pod where the name is read, the Service, or the node."""
    own = _own(world, vantage)
    for rule in rules:
        if own and rule in _OF_POD:
            yield _OF_POD[rule](own)
        elif aim.service and rule in _OF_SERVICE:
            yield _OF_SERVICE[rule](aim.service)
        elif rule == "forward-falls-back" or (rule == "forward-localhost" and "forward-falls-back" not in rules):
            yield _runtime(world)


def names(pod: Pod) -> Exhibit:
    """Show the names of a Pod's containers: none of them is a name in the network."""
    listed = dropwhile(lambda one: one.kind != "app", pod.containers)  # init containers come before the first app
    value = " ".join(one.name for one in listed if one.kind != "ephemeral")
    shows = Text(
        en=f"The containers have names, but only the Pod, {pod.name}, has a hostname.",
        fr=f"Les conteneurs ont des noms, mais seul le Pod, {pod.name}, a un hostname.",
    )
    return field(pod, "spec.containers[*].name", value, shows)


def _own(world: World, vantage: Vantage) -> Pod | None:
    return world.pod(vantage.namespace, vantage.pod) if vantage.kind in {"container", "init"} else None


def _own_name(pod: Pod) -> Exhibit:
    shows = Text(
        en="The Pod's name is its hostname, as long as `spec.hostname` is not set.",
        fr="Le nom du Pod est son hostname, tant que `spec.hostname` n’est pas fixé.",
    )
    return field(pod, "metadata.name", pod.name, shows)


def _hostname(pod: Pod) -> Exhibit:
    shows = Text(
        en="This field is the hostname now, in place of the Pod's name.",
        fr="C’est ce champ qui fait le hostname, à la place du nom du Pod.",
    )
    return field(pod, "spec.hostname", pod.hostname, shows)


def _subdomain(pod: Pod) -> Exhibit:
    shows = Text(
        en="The subdomain adds a full name to the Pod's own hosts file.",
        fr="Le sous-domaine ajoute un nom complet au fichier hosts du Pod.",
    )
    return field(pod, "spec.subdomain", pod.subdomain, shows)


def _aliases(pod: Pod) -> Exhibit:
    value = "; ".join(f"{one.ip} {' '.join(one.names)}" for one in pod.host_aliases)
    shows = Text(
        en="kubelet writes these lines into the hosts file of this Pod alone.",
        fr="kubelet écrit ces lignes dans le fichier hosts de ce seul Pod.",
    )
    return field(pod, "spec.hostAliases", value, shows)


def _host_network(pod: Pod) -> Exhibit:
    shows = Text(
        en="The Pod uses the node's network, and so the node's hosts file.",
        fr="Le Pod utilise le réseau du nœud, et donc le fichier hosts du nœud.",
    )
    return field(pod, "spec.hostNetwork", str(pod.host_network).lower(), shows)


def _dns_policy(pod: Pod) -> Exhibit:
    shows = Text(
        en="This field chooses whom the Pod asks for names, and its search list.",
        fr="Ce champ choisit à qui le Pod demande les noms, et sa liste de recherche.",
    )
    return field(pod, "spec.dnsPolicy", pod.dns_policy, shows)


_OF_POD: dict[str, Callable[[Pod], Exhibit]] = {
    "pod-hosts-file": _own_name,
    "hostname-field": _hostname,
    "hostname-cut": _own_name,
    "subdomain-field": _subdomain,
    "host-aliases": _aliases,
    "dns-host-network": _host_network,
    "dns-cluster-first": _dns_policy,
    "outside-cluster-dns": _dns_policy,
}


def _cluster_ip(service: Service) -> Exhibit:
    ports = ", ".join(f"{one.port} -> {one.target}" for one in service.ports)
    shows = Text(
        en=f"The Service's own address; kube-proxy sends its ports on: {ports}.",
        fr=f"L’adresse propre du Service ; kube-proxy redirige ses ports : {ports}.",
    )
    return field(service, "spec.clusterIP", service.cluster_ip, shows)


def _node_port(service: Service) -> Exhibit:
    value = " ".join(str(one.node_port) for one in service.ports if one.node_port)
    shows = Text(
        en="The node takes calls to this port of its own for the Service.",
        fr="Le nœud prend pour le Service les appels à ce port, qui est le sien.",
    )
    return field(service, "spec.ports[*].nodePort", value, shows)


def _selector(service: Service) -> Exhibit:
    value = ", ".join(f"{key}={one}" for key, one in service.selector)
    shows = Text(
        en="The Service stands for the Pods that bear these labels.",
        fr="Le Service représente les Pods qui portent ces labels.",
    )
    return field(service, "spec.selector", value, shows)


_OF_SERVICE: dict[str, Callable[[Service], Exhibit]] = {
    "cluster-ip": _cluster_ip,
    "dns-service": _cluster_ip,
    "node-port": _node_port,
    "selector": _selector,
}


def _runtime(world: World) -> Exhibit:
    shows = Text(
        en="The container runtime dials for port-forward; its version decides what it tries.",
        fr="C’est le runtime de conteneurs qui appelle pour port-forward ; sa version décide de ce qu’il essaie.",
    )
    return field(world.cluster.node, "status.nodeInfo.containerRuntimeVersion", world.cluster.runtime, shows)
