"""Why a name leads somewhere, or nowhere: one or two sentences of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.model.context import BOOK
from lab.experiments.model.dns import is_address
from lab.experiments.model.resolve import hostname, resolve
from lab.experiments.model.rules import NAMING
from lab.experiments.texts import Text, join

if TYPE_CHECKING:
    from lab.experiments.model.context import Case


def leads(case: Case) -> Text | None:
    """Say how a name came to its address; None for an address, and for a name that leads nowhere."""
    host = case.address.host
    found = [one for one in case.prediction.rules if one in NAMING]
    addresses = resolve(BOOK, case.world, case.place, host, case.address.how).addresses
    if is_address(host) or not found or case.prediction.outcome == "no-name":
        return None
    if found[-1] in {"pod-hosts-file", "hostname-field", "hostname-cut", "subdomain-field"}:
        return _own_line(case)
    return _from_hosts(case, found[-1]) or _from_dns(case, addresses[0] if addresses else "")


def unknown(case: Case) -> Text:
    """Say what a name is that does not resolve here, and who would know it."""
    if case.decided_by("outside-cluster-dns"):
        return join(_what_it_is(case), _other_dns(case))
    return join(_what_it_is(case) or _nothing(case))


def _own_line(case: Case) -> Text:
    host, pod = case.address.host, case.place.pod
    address = pod.ip if pod else ""
    if case.decided_by("subdomain-field") and "." in host:
        return Text(
            f"`spec.subdomain` makes kubelet write `{host}` with {address} into this Pod's own /etc/hosts, even "
            "without a Service.",
            f"`spec.subdomain` fait écrire à kubelet `{host}` avec {address} dans le /etc/hosts de ce Pod, même sans "
            "Service.",
        )
    if case.decided_by("hostname-field"):
        return Text(
            f"`{host}` is in this Pod's /etc/hosts: kubelet writes {address} there with the hostname that "
            "`spec.hostname` sets.",
            f"`{host}` est dans le /etc/hosts de ce Pod : kubelet y écrit {address} avec le nom d’hôte que fixe "
            "`spec.hostname`.",
        )
    return Text(
        f"`{host}` is in this Pod's /etc/hosts: kubelet writes the Pod's IP, {address}, with its hostname there.",
        f"`{host}` est dans le /etc/hosts de ce Pod : kubelet y écrit l’IP du Pod, {address}, avec son nom d’hôte.",
    )


def _from_hosts(case: Case, rule: str) -> Text | None:
    host = case.address.host
    said = {
        "hosts-localhost": Text(
            f"`{host}` is in every hosts file: the loopback of whoever asks, here {case.here.en}.",
            f"`{host}` est dans tout fichier hosts : la boucle locale de celui qui demande, ici {case.here.fr}.",
        ),
        "host-aliases": Text(
            f"`spec.hostAliases` puts `{host}` into this Pod's /etc/hosts, and into no other's.",
            f"`spec.hostAliases` met `{host}` dans le /etc/hosts de ce Pod, et d’aucun autre.",
        ),
        "hand-edit": Text(
            f"Somebody wrote `{host}` into this Pod's /etc/hosts, and no container of the Pod has started since.",
            f"Quelqu’un a écrit `{host}` dans le /etc/hosts de ce Pod, et aucun de ses conteneurs n’a démarré depuis.",
        ),
    }
    return said.get(rule)


def _from_dns(case: Case, address: str) -> Text:
    host = case.address.host
    if case.decided_by("dns-service"):
        return Text(
            f"The cluster's DNS knows `{host}`: it is a Service, and {address} is its cluster IP.",
            f"Le DNS du cluster connaît `{host}` : c’est un Service, et {address} est son IP de cluster.",
        )
    if case.decided_by("dns-pod-ip"):
        return Text(
            f"CoreDNS reads {address} out of the name itself, and would for an address that no Pod has.",
            f"CoreDNS lit {address} dans le nom même, et le ferait pour une adresse qu’aucun Pod n’a.",
        )
    return Text(
        f"The cluster's DNS knows `{host}`: it leads straight to a Pod's IP, {address}.",
        f"Le DNS du cluster connaît `{host}` : il mène droit à l’IP d’un Pod, {address}.",
    )


def _other_dns(case: Case) -> Text:
    if case.place.computer:
        return Text(
            "This computer asks its own DNS, and only the cluster's knows the cluster's names.",
            "Cet ordinateur interroge son propre DNS, et seul celui du cluster en connaît les noms.",
        )
    pod = case.place.pod
    if pod and pod.dns_policy == "None":
        return Text(
            "`dnsPolicy: None` has this Pod ask another DNS server, and only the cluster's knows the cluster's names.",
            "`dnsPolicy: None` lui fait interroger un autre DNS, et seul celui du cluster en connaît les noms.",
        )
    if pod and pod.dns_policy == "Default":
        return Text(
            "`dnsPolicy: Default` means the node's DNS, and only the cluster's knows the cluster's names.",
            "`dnsPolicy: Default` désigne le DNS du nœud, et seul celui du cluster en connaît les noms.",
        )
    return Text(
        "The DNS asked here is the node's, and only the cluster's own knows the cluster's names.",
        "Le DNS interrogé ici est celui du nœud, et seul celui du cluster en connaît les noms.",
    )


def _nothing(case: Case) -> Text:
    host = case.address.host
    return Text(
        f"Neither this hosts file nor DNS has `{host}`.",
        f"Ni ce fichier hosts ni le DNS ne connaissent `{host}`.",
    )


def _what_it_is(case: Case) -> Text | None:
    """Recognise the name: a Pod's, a Service's, an alias, a container's."""
    return _own_name(case) or _of_a_pod(case) or _of_a_service(case) or _written(case) or _of_a_container(case)


def _own_name(case: Case) -> Text | None:
    host, pod = case.address.host, case.place.pod
    if not pod or host not in {pod.name, pod.hostname}:
        return None
    if pod.host_network:
        return Text(
            f"With `hostNetwork` the Pod gets the node's hosts file, which does not have `{host}`.",
            f"Avec `hostNetwork`, le Pod reçoit le fichier hosts du nœud, où `{host}` n’est pas.",
        )
    if hostname(BOOK, pod)[0] == host:
        return Text(
            f"`{host}` is only in this Pod's /etc/hosts, which nslookup never reads: it asks DNS alone.",
            f"`{host}` n’est que dans le /etc/hosts de ce Pod, que nslookup ne lit jamais : il n’interroge que le DNS.",
        )
    return Text(
        f"This Pod's hostname is `{hostname(BOOK, pod)[0]}`, and kubelet writes that one into /etc/hosts, not the "
        "Pod's name.",
        f"Le nom d’hôte de ce Pod est `{hostname(BOOK, pod)[0]}` : c’est lui que kubelet écrit dans /etc/hosts, pas "
        "le nom du Pod.",
    )


def _of_a_pod(case: Case) -> Text | None:
    host, world = case.address.host, case.world
    if any(one.name == host for one in world.services) or not any(
        host in {one.name, one.hostname} for one in world.pods
    ):
        return None
    return Text(
        f"`{host}` is a Pod's hostname: only its own /etc/hosts has it, and DNS has no names of Pods.",
        f"`{host}` est un nom d’hôte de Pod : seul son propre /etc/hosts le contient, et le DNS ne nomme pas les Pods.",
    )


def _of_a_service(case: Case) -> Text | None:
    host, pod = case.address.host, case.place.pod
    named = [one for one in case.world.services if one.name == host]
    service = next((one for one in named if pod and one.namespace == pod.namespace), named[0] if named else None)
    if not service:
        return _full_name(case)
    if case.decided_by("outside-cluster-dns") or not pod:
        return Text(
            f"`{host}` is a Service, a name that only the cluster's DNS gives.",
            f"`{host}` est un Service, un nom que seul le DNS du cluster donne.",
        )
    if not case.decided_by("dns-cluster-first"):
        return Text(
            f"This Pod's search list comes from `spec.dnsConfig` and does not lead to the Service; its full name, "
            f"`{service.name}.{service.namespace}.svc.{case.world.cluster.domain}`, would.",
            f"La liste de recherche de ce Pod vient de `spec.dnsConfig` et ne mène pas au Service ; son nom complet, "
            f"`{service.name}.{service.namespace}.svc.{case.world.cluster.domain}`, y mènerait.",
        )
    if service.namespace == pod.namespace:
        return Text(
            f"The Service `{host}` is headless: DNS has its ready Pods' addresses only, and none is ready.",
            f"Le Service `{host}` est headless : le DNS n’en donne que les Pods prêts, et il n’en a aucun.",
        )
    return Text(
        f"The search list completes `{host}` with this Pod's namespace, `{pod.namespace}`; the Service is in "
        f"`{service.namespace}`: `{host}.{service.namespace}` would lead there.",
        f"La liste de recherche complète `{host}` avec le namespace de ce Pod, `{pod.namespace}` ; le Service est "
        f"dans `{service.namespace}` : `{host}.{service.namespace}` y mènerait.",
    )


def _full_name(case: Case) -> Text | None:
    host = case.address.host
    if not host.endswith(f".{case.world.cluster.domain}"):
        return None
    if case.decided_by("outside-cluster-dns"):
        return Text(
            f"`{host}` is a name of the cluster's own DNS.",
            f"`{host}` est un nom du DNS propre au cluster.",
        )
    return Text(
        f"DNS has `{host}` only if a Pod sets that hostname and subdomain, is ready, and a Service bears the "
        "subdomain's name.",
        f"Le DNS ne connaît `{host}` que si un Pod définit ce hostname et ce subdomain, est prêt, et qu’un Service "
        "porte le nom du subdomain.",
    )


def _written(case: Case) -> Text | None:
    """Recognise a name that somebody added to a Pod's hosts file."""
    host, pods = case.address.host, case.world.pods
    if any(host in alias.names for pod in pods for alias in pod.host_aliases):
        return Text(
            f"`{host}` is in the /etc/hosts of the one Pod whose `spec.hostAliases` has it.",
            f"`{host}` est dans le /etc/hosts du seul Pod dont `spec.hostAliases` le contient.",
        )
    edited = [edit for pod in pods if pod == case.place.pod for edit in pod.hand_edits if host in edit.line.split()]
    if edited:
        return Text(
            f"The line with `{host}` was written by hand; a container of the Pod started since, and kubelet wrote "
            "/etc/hosts anew.",
            f"La ligne avec `{host}` a été ajoutée à la main ; un conteneur du Pod a démarré depuis, et kubelet a "
            "récrit /etc/hosts.",
        )
    return None


def _of_a_container(case: Case) -> Text | None:
    host = case.address.host
    if not any(one.name == host for pod in case.world.pods for one in pod.containers):
        return None
    return Text(
        f"`{host}` is a container's name: kubelet writes it into no hosts file, and DNS does not know it.",
        f"`{host}` est un nom de conteneur : kubelet ne l’écrit dans aucun fichier hosts, et le DNS l’ignore.",
    )
