"""The rules of the way: where a packet goes, and who listens there."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from lab.experiments.model.dns import is_address
from lab.experiments.model.rule import Rule, table
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from lab.experiments.model.cluster import Listener, Pod, Service, Vantage, World
    from lab.experiments.model.rule import Place

_K8S = "https://kubernetes.io/docs"
_MAN = "https://man7.org/linux/man-pages"
_SERVICE = f"{_K8S}/concepts/services-networking/service"
_WAYS = {
    "container": {"connect", "getent", "nslookup"},
    "init": {"connect", "getent", "nslookup"},
    "node": {"connect", "getent", "nslookup"},
    "computer": {"connect", "getent", "nslookup"},
    "port-forward": {"forward"},
    "service-forward": {"forward"},
    "pod-proxy": {"pod-proxy"},
    "kubelet": {"http-probe", "tcp-probe", "exec-probe"},
}


def fits(vantage: Vantage, how: str) -> bool:
    """Tell whether this can be tried from there at all."""
    return how in _WAYS[vantage.kind]


def reads_names(vantage: Vantage) -> bool:
    """Tell whether the probe runs there, which looks names up itself; elsewhere somebody dials for it."""
    return fits(vantage, "getent")


def _is_loopback(address: str) -> bool:
    return is_address(address) and ipaddress.ip_address(address).is_loopback


def _outside(place: Place, address: str, world: World) -> bool:
    return place.computer and not (address == world.cluster.node_ip and world.computer.reaches_node)


def _selects(service: Service, pod: Pod) -> bool:
    same = service.namespace == pod.namespace
    return same and bool(service.selector) and set(service.selector) <= set(pod.labels)


def _any_v4(listener: Listener, address: str) -> bool:
    return listener.bind == "0.0.0.0" and ":" not in address  # noqa: S104 - compared, nothing is bound


_WHO = (
    Rule(
        "not-applicable",
        f"{_K8S}/reference/kubectl/",
        Text(
            en="Not every way can be taken from everywhere: only kubelet probes, only a forward forwards.",
            fr="Tout chemin ne part pas de partout : seul kubelet sonde, seul un transfert de port transfère.",
        ),
        lambda vantage, how: not fits(vantage, how),
    ),
    Rule(
        "init-before-app",
        f"{_K8S}/concepts/workloads/pods/init-containers/",
        Text(
            en="Init containers end before the Pod's app starts: nobody listens there yet, and the Pod is not ready.",
            fr="Les conteneurs d’init se terminent avant le démarrage de l’app : rien n’y écoute encore, et le Pod "
            "n’est pas prêt.",
        ),
        lambda vantage: vantage.kind == "init",
    ),
    Rule(
        "own-loopback",
        f"{_MAN}/man7/network_namespaces.7.html",
        Text(
            en="The loopback belongs to the network namespace of whoever dials; a Pod's containers share one.",
            fr="La boucle locale appartient au namespace réseau de celui qui appelle ; les conteneurs d’un Pod en "
            "partagent un.",
        ),
        _is_loopback,
    ),
    Rule(
        "outside-cluster",
        f"{_K8S}/concepts/cluster-administration/networking/",
        Text(
            en="Pod IPs and cluster IPs exist inside the cluster only; to this computer they are just any address.",
            fr="Les IP des Pods et des Services n’existent que dans le cluster ; pour cet ordinateur, ce sont des "
            "adresses quelconques.",
        ),
        _outside,
    ),
)
"""Who can try what, and from where."""

_TO_A_SERVICE = (
    Rule(
        "node-port",
        f"{_SERVICE}/#type-nodeport",
        Text(
            en="The node hands what comes to a NodePort to the Service's Pods.",
            fr="Le nœud remet aux Pods du Service ce qui arrive sur un NodePort.",
        ),
        lambda port, asked: port.node_port == asked,
    ),
    Rule(
        "cluster-ip",
        f"{_K8S}/reference/networking/virtual-ips/",
        Text(
            en="A cluster IP is no machine: kube-proxy's rules rewrite the packet to a Pod's IP and target port.",
            fr="Une IP de cluster n’est pas une machine : les règles de kube-proxy récrivent le paquet vers l’IP et le "
            "port d’un Pod.",
        ),
        lambda service, address: service.cluster_ip == address,
    ),
    Rule(
        "unlisted-port",
        f"{_K8S}/reference/networking/virtual-ips/",
        Text(
            en="kube-proxy has rules for a Service's own ports only; another port's packet leaves the cluster.",
            fr="kube-proxy n’a de règles que pour les ports du Service ; vers un autre port, le paquet quitte le "
            "cluster.",
        ),
        lambda service, asked: all(one.port != asked for one in service.ports),
    ),
    Rule(
        "selector",
        f"{_SERVICE}/#services-in-kubernetes",
        Text(
            en="A Service stands for the Pods of its namespace that bear the labels of its selector.",
            fr="Un Service représente les Pods de son namespace qui portent les labels de son sélecteur.",
        ),
        _selects,
    ),
    Rule(
        "ready-endpoints",
        f"{_K8S}/concepts/services-networking/endpoint-slices/#conditions",
        Text(
            en="Only ready Pods are a Service's endpoints, unless it publishes those that are not.",
            fr="Seuls les Pods prêts sont les endpoints d’un Service, sauf s’il publie aussi les autres.",
        ),
        lambda pod, service: pod.ready or service.publish_not_ready,
    ),
    Rule(
        "no-endpoint",
        f"{_K8S}/reference/networking/virtual-ips/",
        Text(
            en="A Service without endpoints refuses: kube-proxy rejects the packet.",
            fr="Un Service sans endpoint refuse : kube-proxy rejette le paquet.",
        ),
        lambda endpoints: not endpoints,
    ),
    Rule(
        "hairpin",
        f"{_K8S}/tasks/debug/debug-application/debug-service/#a-pod-fails-to-reach-itself-via-the-service-ip",
        Text(
            en="A Pod reaches itself through its own Service.",
            fr="Un Pod s’atteint lui-même à travers son propre Service.",
        ),
        lambda: True,
    ),
)
"""What becomes of a packet for a Service."""

_TO_A_POD = (
    Rule(
        "pod-network",
        f"{_K8S}/concepts/services-networking/#the-kubernetes-network-model",
        Text(
            en="Every Pod and the node reach every Pod by its IP.",
            fr="Tout Pod, et le nœud, atteignent tout Pod par son IP.",
        ),
        lambda pod, address: pod.ip == address,
    ),
    Rule(
        "nowhere",
        "https://www.rfc-editor.org/rfc/rfc1812#section-5.2.4",
        Text(
            en="A packet for an address that nobody in the cluster has leaves by the default route.",
            fr="Un paquet pour une adresse que personne n’a dans le cluster part par la route par défaut.",
        ),
        lambda pods: not pods,
    ),
)
"""What becomes of a packet for any other address."""

_LISTENING = (
    Rule(
        "bind-any-v4",
        f"{_MAN}/man7/ip.7.html",
        Text(
            en="A server on 0.0.0.0 takes calls to every IPv4 address of its network namespace.",
            fr="Un serveur sur 0.0.0.0 répond à toute adresse IPv4 de son namespace réseau.",
        ),
        _any_v4,
    ),
    Rule(
        "bind-any-dual",
        f"{_MAN}/man7/ipv6.7.html",
        Text(
            en="A server on :: takes calls to every address of its network namespace, IPv4 included (bindv6only is 0).",
            fr="Un serveur sur :: répond à toute adresse de son namespace réseau, IPv4 comprise (bindv6only vaut 0).",
        ),
        lambda listener, _address: listener.bind == "::",
    ),
    Rule(
        "bind-one",
        f"{_MAN}/man7/ip.7.html",
        Text(
            en="A server on one address takes calls to that address alone.",
            fr="Un serveur sur une adresse ne répond qu’à cette adresse.",
        ),
        lambda listener, address: listener.bind == address,
    ),
    Rule(
        "nobody-listens",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.5.2",
        Text(
            en="Where nobody listens at an address and port, the kernel refuses the connection.",
            fr="Là où personne n’écoute à une adresse et un port, le noyau refuse la connexion.",
        ),
        lambda accepting: not accepting,
    ),
)
"""Who takes a call where it arrives."""

RULES = table(*_WHO, *_TO_A_SERVICE, *_TO_A_POD, *_LISTENING)
