"""What the ids of vantage points and addresses stand for, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.results import Label
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def _label(id_: str, short: tuple[str, str], more: tuple[str, str]) -> Label:
    return Label(id_, Text(en=short[0], fr=short[1]), Text(en=more[0], fr=more[1]))


VANTAGES: Sequence[Label] = (
    _label(
        "app",
        ("the app’s container", "le conteneur de l’application"),
        ("`kubectl exec` into the container that listens.", "`kubectl exec` dans le conteneur qui écoute."),
    ),
    _label(
        "sidecar",
        ("a sidecar", "un sidecar"),
        ("A second container of the same Pod.", "Un deuxième conteneur du même Pod."),
    ),
    _label(
        "guest",
        ("an ephemeral container", "un conteneur éphémère"),
        ("`kubectl debug` without a target.", "`kubectl debug` sans cible."),
    ),
    _label(
        "guest-target",
        ("ephemeral, with --target", "éphémère, avec --target"),
        (
            "`kubectl debug --target`: it sees the app’s processes too.",
            "`kubectl debug --target` : il voit aussi les processus de l’application.",
        ),
    ),
    _label(
        "init",
        ("an init container", "un conteneur d’initialisation"),
        (
            "It runs to its end before the app is started.",
            "Il se termine avant que l’application ne démarre.",
        ),
    ),
    _label(
        "copy",
        ("a copy of the Pod", "une copie du Pod"),
        (
            "`kubectl debug --copy-to`: another Pod, with a name and an address of its own.",
            "`kubectl debug --copy-to` : un autre Pod, avec son nom et son adresse.",
        ),
    ),
    _label(
        "twin",
        ("the Pod twin", "le Pod twin"),
        (
            "A Pod that sets hostname and subdomain, with a Service of its own name.",
            "Un Pod qui définit hostname et subdomain, avec un Service qui porte son nom.",
        ),
    ),
    _label(
        "other",
        ("another Pod", "un autre Pod"),
        ("A Pod in the same namespace.", "Un Pod du même namespace."),
    ),
    _label(
        "other-namespace",
        ("a Pod elsewhere", "un Pod d’ailleurs"),
        ("A Pod in another namespace.", "Un Pod d’un autre namespace."),
    ),
    _label(
        "host-network",
        ("a hostNetwork Pod", "un Pod en hostNetwork"),
        ("A Pod in the node’s own network namespace.", "Un Pod dans le réseau même du nœud."),
    ),
    _label("node", ("the node", "le nœud"), ("The node itself.", "Le nœud lui-même.")),
    _label(
        "computer",
        ("this computer", "cet ordinateur"),
        ("The computer that kubectl runs on.", "L’ordinateur où tourne kubectl."),
    ),
    _label(
        "port-forward",
        ("port-forward", "port-forward"),
        ("`kubectl port-forward pod/…` from this computer.", "`kubectl port-forward pod/…` depuis cet ordinateur."),
    ),
    _label(
        "service-forward",
        ("port-forward svc/", "port-forward svc/"),
        (
            "`kubectl port-forward service/…`: it chooses one Pod, and forwards to that.",
            "`kubectl port-forward service/…` : il choisit un Pod et s’y raccorde.",
        ),
    ),
    _label(
        "pod-proxy",
        ("API server’s proxy", "proxy de l’API"),
        (
            "`kubectl get --raw …/pods/…/proxy`: the API server dials the Pod’s address.",
            "`kubectl get --raw …/pods/…/proxy` : l’API server appelle l’adresse du Pod.",
        ),
    ),
    _label(
        "kubelet-http",
        ("HTTP probe", "probe HTTP"),
        ("The kubelet asks over HTTP, from the node.", "Le kubelet demande en HTTP, depuis le nœud."),
    ),
    _label(
        "kubelet-tcp",
        ("TCP probe", "probe TCP"),
        ("The kubelet connects, from the node.", "Le kubelet se connecte, depuis le nœud."),
    ),
    _label(
        "kubelet-exec",
        ("exec probe", "probe exec"),
        (
            "The kubelet runs a command inside the container.",
            "Le kubelet lance une commande dans le conteneur.",
        ),
    ),
)

ADDRESSES: Sequence[Label] = (
    _label("loopback4", ("127.0.0.1", "127.0.0.1"), ("Loopback, IPv4.", "La boucle locale, en IPv4.")),
    _label("loopback6", ("::1", "::1"), ("Loopback, IPv6.", "La boucle locale, en IPv6.")),
    _label("localhost", ("localhost", "localhost"), ("The name of loopback.", "Le nom de la boucle locale.")),
    _label("pod-ip", ("Pod IP", "IP du Pod"), ("The Pod’s own address.", "L’adresse du Pod.")),
    _label("pod-name", ("Pod name", "nom du Pod"), ("The Pod’s name alone.", "Le nom du Pod, seul.")),
    _label(
        "container-name",
        ("container name", "nom du conteneur"),
        ("The container’s name alone.", "Le nom du conteneur, seul."),
    ),
    _label(
        "hostname",
        ("hostname", "hostname"),
        ("The name that spec.hostname may give.", "Le nom que peut donner spec.hostname."),
    ),
    _label("service", ("Service", "Service"), ("The Service’s short name.", "Le nom court du Service.")),
    _label(
        "service-fqdn",
        ("Service FQDN", "FQDN du Service"),
        ("The Service’s full name.", "Le nom complet du Service."),
    ),
    _label(
        "service-like-pod",
        ("Service = Pod name", "Service = nom du Pod"),
        (
            "A name that a Service and a Pod may share, at the Service’s port.",
            "Un nom que peuvent partager un Service et un Pod, au port du Service.",
        ),
    ),
    _label("cluster-ip", ("cluster IP", "cluster IP"), ("The Service’s address.", "L’adresse du Service.")),
    _label(
        "headless",
        ("hostname.subdomain", "hostname.subdomain"),
        (
            "The full name that hostname and subdomain make, through a headless Service.",
            "Le nom complet que forment hostname et subdomain, par un Service headless.",
        ),
    ),
    _label(
        "pod-dns",
        ("Pod DNS name", "nom DNS du Pod"),
        ("The Pod’s address with dashes, in DNS.", "L’adresse du Pod écrite avec des tirets, dans le DNS."),
    ),
    _label(
        "node-port",
        ("node : NodePort", "nœud : NodePort"),
        ("The node’s address, at the Service’s NodePort.", "L’adresse du nœud, au NodePort du Service."),
    ),
    _label(
        "host-alias",
        ("hostAliases", "hostAliases"),
        ("A name that spec.hostAliases may give.", "Un nom que peut donner spec.hostAliases."),
    ),
    _label(
        "hand-edit",
        ("edited by hand", "ajouté à la main"),
        (
            "A name that somebody may write into /etc/hosts.",
            "Un nom qu’on peut écrire soi-même dans /etc/hosts.",
        ),
    ),
    _label(
        "getent-pod-name",
        ("getent, Pod name", "getent, nom du Pod"),
        ("The hosts file is asked, then DNS.", "On demande au fichier hosts, puis au DNS."),
    ),
    _label(
        "nslookup-pod-name",
        ("nslookup, Pod name", "nslookup, nom du Pod"),
        ("DNS alone is asked.", "On ne demande qu’au DNS."),
    ),
    _label(
        "getent-service",
        ("getent, Service", "getent, Service"),
        ("The hosts file is asked, then DNS.", "On demande au fichier hosts, puis au DNS."),
    ),
    _label(
        "nslookup-service",
        ("nslookup, Service", "nslookup, Service"),
        ("DNS alone is asked.", "On ne demande qu’au DNS."),
    ),
    _label("forward", ("forwarded port", "port transféré"), ("A port of this computer.", "Un port de cet ordinateur.")),
    _label("proxy", ("proxy URL", "URL du proxy"), ("A path of the API server.", "Un chemin de l’API server.")),
    _label(
        "probe",
        ("no host", "sans host"),
        ("The probe leaves its field host out.", "La probe n’a pas de champ host."),
    ),
    _label(
        "probe-loopback",
        ("host: 127.0.0.1", "host: 127.0.0.1"),
        ("The probe’s field host is 127.0.0.1.", "Le champ host de la probe vaut 127.0.0.1."),
    ),
)


def chosen(labels: Sequence[Label], ids: Iterable[str]) -> tuple[Label, ...]:
    """Return the labels of these ids, in their own order; raises KeyError for an id that has none."""
    wanted = set(ids)
    known: Mapping[str, Label] = {one.id: one for one in labels}
    missing = wanted - set(known)
    if missing:
        raise KeyError(", ".join(sorted(missing)))
    return tuple(one for one in labels if one.id in wanted)
