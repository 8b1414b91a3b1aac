"""The rules of names: who knows which name, and what it leads to."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from lab.experiments.model.rule import Rule, table
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from lab.experiments.model.cluster import Cluster, HandEdit, Pod, Service

LABEL_LENGTH = 63
"""The longest hostname that kubelet gives, in characters; RFC 1035's longest label."""
_KUBELET = "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/kubelet_pods.go"
_DNS = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"
_RECORDS = "https://github.com/kubernetes/dns/blob/master/docs/specification.md"
_MAN = "https://man7.org/linux/man-pages"


def is_address(host: str) -> bool:
    """Tell an IP address from a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _edit_lives(edit: HandEdit, pod: Pod) -> bool:
    """RFC 3339 in UTC and whole seconds compares as text."""
    return not any(one.started_at > edit.at for one in pod.containers)


def _pod_record(host: str, cluster: Cluster) -> bool:
    labels = host.split(".", 2)
    return is_address(labels[0].replace("-", ".")) and labels[2:] == [f"pod.{cluster.domain}"]


def _names_pod(pod: Pod, service: Service, hostname: str) -> bool:
    return bool(pod.hostname) and pod.hostname == hostname and pod.subdomain == service.name


RULES = table(
    Rule(
        "literal",
        f"{_MAN}/man3/getaddrinfo.3.html",
        Text(en="An IP address is used as it is.", fr="Une adresse IP s’emploie telle quelle."),
        is_address,
    ),
    Rule(
        "files-first",
        f"{_MAN}/man5/nsswitch.conf.5.html",
        Text(
            en="Programs read /etc/hosts before they ask DNS; nslookup asks DNS alone.",
            fr="Les programmes lisent /etc/hosts avant d’interroger le DNS ; nslookup n’interroge que le DNS.",
        ),
        lambda how: how != "nslookup",
    ),
    Rule(
        "hosts-localhost",
        _KUBELET,
        Text(
            en="`localhost` is in every hosts file: the loopback of whoever asks.",
            fr="`localhost` figure dans tout fichier hosts : la boucle locale de celui qui demande.",
        ),
        lambda name: name == "localhost",
    ),
    Rule(
        "pod-hosts-file",
        _KUBELET,
        Text(
            en="kubelet writes a Pod's IP with its hostname into the Pod's own /etc/hosts, unless it uses the node's "
            "network.",
            fr="kubelet écrit l’IP du Pod avec son nom d’hôte dans le /etc/hosts du Pod, sauf s’il utilise le réseau "
            "du nœud.",
        ),
        lambda pod: not pod.host_network,
    ),
    Rule(
        "hostname-field",
        f"{_DNS}#pod-s-hostname-and-subdomain-fields",
        Text(
            en="`spec.hostname` replaces the Pod's name as its hostname.",
            fr="`spec.hostname` remplace le nom du Pod comme nom d’hôte.",
        ),
        lambda pod: bool(pod.hostname),
    ),
    Rule(
        "hostname-cut",
        "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/util/util.go",
        Text(
            en="A hostname is cut after 63 characters.",
            fr="Un nom d’hôte est coupé après 63 caractères.",
        ),
        lambda hostname: len(hostname) > LABEL_LENGTH,
    ),
    Rule(
        "subdomain-field",
        f"{_DNS}#pod-s-hostname-and-subdomain-fields",
        Text(
            en="`spec.subdomain` adds the full name, hostname.subdomain.namespace.svc…, to the Pod's own /etc/hosts.",
            fr="`spec.subdomain` ajoute le nom complet, hostname.subdomain.namespace.svc…, au /etc/hosts du Pod.",
        ),
        lambda pod: bool(pod.subdomain),
    ),
    Rule(
        "host-aliases",
        "https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/",
        Text(
            en="`spec.hostAliases` adds its names to the /etc/hosts of that Pod alone.",
            fr="`spec.hostAliases` ajoute ses noms au /etc/hosts de ce seul Pod.",
        ),
        lambda alias, name: name in alias.names,
    ),
    Rule(
        "hand-edit",
        _KUBELET,
        Text(
            en="A line written into /etc/hosts by hand stays until any container of the Pod starts: kubelet writes the "
            "file anew.",
            fr="Une ligne ajoutée à la main dans /etc/hosts tient jusqu’au démarrage d’un conteneur du Pod : kubelet "
            "récrit alors le fichier.",
        ),
        _edit_lives,
    ),
    Rule(
        "dns-host-network",
        f"{_DNS}#pod-s-dns-policy",
        Text(
            en="On the node's network, `ClusterFirst` falls back to the node's own DNS.",
            fr="Sur le réseau du nœud, `ClusterFirst` se rabat sur le DNS du nœud.",
        ),
        lambda pod: pod.host_network and pod.dns_policy == "ClusterFirst",
    ),
    Rule(
        "dns-cluster-first",
        f"{_DNS}#pod-s-dns-policy",
        Text(
            en="`ClusterFirst`, the default, and `ClusterFirstWithHostNet` ask the cluster's DNS and search the Pod's "
            "namespace first.",
            fr="`ClusterFirst`, le défaut, et `ClusterFirstWithHostNet` interrogent le DNS du cluster et cherchent "
            "d’abord dans le namespace du Pod.",
        ),
        lambda policy: policy in {"ClusterFirst", "ClusterFirstWithHostNet"},
    ),
    Rule(
        "outside-cluster-dns",
        f"{_DNS}#pod-s-dns-policy",
        Text(
            en="Only the cluster's DNS knows the cluster's names; whoever asks another server does not find them.",
            fr="Seul le DNS du cluster connaît les noms du cluster ; qui interroge un autre serveur ne les trouve pas.",
        ),
        lambda nameservers, cluster: cluster.dns_ip not in nameservers,
    ),
    Rule(
        "search-list",
        f"{_MAN}/man5/resolv.conf.5.html",
        Text(
            en="A short name is tried with each domain of the search list.",
            fr="Un nom court est essayé avec chaque domaine de la liste de recherche.",
        ),
        lambda name: not name.endswith("."),
    ),
    Rule(
        "dns-service",
        _RECORDS,
        Text(
            en="A Service's name leads to its cluster IP; a headless one's to its Pods.",
            fr="Le nom d’un Service mène à son IP de cluster ; celui d’un Service headless, à ses Pods.",
        ),
        lambda service: service.cluster_ip != "None",
    ),
    Rule(
        "dns-hostname",
        f"{_DNS}#pod-s-hostname-and-subdomain-fields",
        Text(
            en="DNS has hostname.subdomain of a Pod that sets both, where a Service bears the subdomain's name.",
            fr="Le DNS connaît hostname.subdomain d’un Pod qui définit les deux, si un Service porte le nom du "
            "sous-domaine.",
        ),
        _names_pod,
    ),
    Rule(
        "dns-pod-ip",
        "https://coredns.io/plugins/kubernetes/",
        Text(
            en="CoreDNS (`pods insecure`) turns 10-244-0-5.namespace.pod… into the address in it, even if no Pod has "
            "it.",
            fr="CoreDNS (`pods insecure`) tire de 10-244-0-5.namespace.pod… l’adresse qui y est écrite, même si aucun "
            "Pod ne l’a.",
        ),
        _pod_record,
    ),
    Rule(
        "unknown-name",
        "https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1",
        Text(
            en="A name that is in no hosts file and in no DNS record does not resolve.",
            fr="Un nom absent du fichier hosts et du DNS ne se résout pas.",
        ),
        lambda found: not found,
    ),
)
