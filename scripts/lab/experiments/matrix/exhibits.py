"""The pieces of evidence, each made of what was seen: its raw text, what it shows, and how to see the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.results import Exhibit
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.experiments.matrix.places import Site
    from lab.experiments.model.cluster import Address, Pod, Service
    from lab.experiments.results import ExhibitKind, Measurement

_NETNS = "readlink /proc/self/ns/net"


def hosts(place: Site, name: str) -> Exhibit | None:
    """Show the lines of the hosts file that have a name; where none has, the one with the place's own."""
    lines = [one for one in place.sees.hosts.splitlines() if one.split("#")[0].split()]
    if not lines:
        return None
    having = lines_with(place, name)
    if having:
        shows = Text(
            en=f"`{name}` is in the hosts file, which is read before DNS is asked.",
            fr=f"`{name}` est dans le fichier hosts, lu avant toute question au DNS.",
        )
    else:
        shows = Text(
            en=f"`{name}` is not in the hosts file, whose own name is another.",
            fr=f"`{name}` n’est pas dans le fichier hosts, dont le nom propre est un autre.",
        )
    text = "\n".join(having or lines_with(place, place.sees.hostname) or lines[-1:])
    return Exhibit("hosts", f"{place.name}: /etc/hosts", text, shows, place.command("cat /etc/hosts"))


def lines_with(place: Site, name: str) -> list[str]:
    """Return the lines of a place's hosts file that have a name."""
    return [one for one in place.sees.hosts.splitlines() if name in one.split("#")[0].split()[1:]]


def resolver(place: Site) -> Exhibit | None:
    """Show whom a place asks for names, and the domains that it tries."""
    lines = [one for one in place.sees.resolv.splitlines() if one.split("#")[0].strip()]
    if not lines:
        return None
    search = " ".join(word for one in lines if one.startswith("search") for word in one.split()[1:])
    server = next((one.split()[1] for one in lines if one.startswith("nameserver ")), "?")
    if search:
        en, fr = f"short names are tried with {search}", f"les noms courts sont essayés avec {search}"
    else:
        en, fr = "no domain is added to a short name", "aucun domaine n’est ajouté à un nom court"
    shows = Text(en=f"DNS is asked at {server}; {en}.", fr=f"Le DNS interrogé est {server} ; {fr}.")
    where = f"{place.name}: /etc/resolv.conf"
    return Exhibit("resolver", where, "\n".join(lines), shows, place.command("cat /etc/resolv.conf"))


def dns(place: Site, address: Address, found: Measurement) -> Exhibit:
    """Show what the resolver answered for a name."""
    name = address.host
    if found.resolved:
        one = ", ".join(found.resolved)
        shows = Text(en=f"`{name}` leads to {one}.", fr=f"`{name}` mène à {one}.")
        text = found.detail if address.how == "nslookup" else f"{name} -> {' '.join(found.resolved)}"
    else:
        shows = Text(en=f"No address is known for `{name}`.", fr=f"Aucune adresse n’est connue pour `{name}`.")
        text = found.detail
    program = "nslookup" if address.how == "nslookup" else "getent ahosts"
    return Exhibit("dns", place.name, text, shows, place.command(f"{program} {name}"))


def netns(one: Site, other: Site) -> tuple[Exhibit, ...]:
    """Show the network namespaces of two places: the same inode is the same network, loopback included."""
    if not one.sees.netns or not other.sees.netns:
        return ()
    if one.name == other.name:
        shows = Text(
            en="The number of this place's own network namespace: localhost means this one.",
            fr="Le numéro du namespace réseau de ce lieu : localhost désigne celui-ci.",
        )
    elif one.sees.netns == other.sees.netns:
        shows = Text(
            en="The same number on both sides: one network namespace, one loopback, shared.",
            fr="Le même numéro des deux côtés : un seul namespace réseau, une seule boucle locale, partagés.",
        )
    else:
        shows = Text(
            en="Two numbers, two network namespaces: each has a loopback of its own.",
            fr="Deux numéros, deux namespaces réseau : chacun a sa propre boucle locale.",
        )
    return tuple(
        Exhibit("netns", f"{side.name}: /proc/self/ns/net", side.sees.netns, shows, side.command(_NETNS))
        for side in (one, other)
        if side is one or other.name != one.name
    )


def socket(place: Site, port: int) -> Exhibit:
    """Show who listens on a port in a place's network namespace: the kernel's own line; or all others, if nobody."""
    found = [one for one in place.sees.sockets if one.address.endswith(f":{port}")]
    if found:
        at = ", ".join(one.address for one in found)
        shows = Text(en=f"Here somebody listens on {at}.", fr=f"Ici, on écoute sur {at}.")
        text = "\n".join(one.line.strip() for one in found)
    else:
        others = ", ".join(one.address for one in place.sees.sockets[:6])
        shows = Text(
            en=f"Nobody listens on port {port} here" + (f"; others do: {others}." if others else "."),
            fr=f"Personne n’écoute ici sur le port {port}" + (f" ; d’autres écoutent : {others}." if others else "."),
        )
        text = "\n".join(one.line.strip() for one in place.sees.sockets[:6]) or "(no line in state 0A, LISTEN)"
    where = f"{place.name}: /proc/net/tcp, tcp6"
    return Exhibit("socket", where, text, shows, place.command("cat /proc/net/tcp /proc/net/tcp6"))


def endpoints(service: Service, entries: Sequence[str]) -> Exhibit:
    """Show whom a Service leads to now, and whether they are ready."""
    ready = [one for one in entries if '"ready": true' in one]
    if ready:
        shows = Text(
            en=f"Service {service.name} has {len(ready)} ready endpoint{'s' * (len(ready) > 1)}.",
            fr=f"Le Service {service.name} a {len(ready)} endpoint{'s' * (len(ready) > 1)} "
            f"prêt{'s' * (len(ready) > 1)}.",
        )
    else:
        shows = Text(
            en=f"Service {service.name} has no ready endpoint: it leads nowhere.",
            fr=f"Le Service {service.name} n’a aucun endpoint prêt : il ne mène nulle part.",
        )
    where = f"EndpointSlices of {service.namespace}/{service.name}"
    selector = f"-l kubernetes.io/service-name={service.name}"
    command = f"kubectl get endpointslices -n {service.namespace} {selector} -o yaml"
    return Exhibit("endpoints", where, "\n".join(entries) or "endpoints: []", shows, command)


def field(of: Pod | Service | str, path: str, value: str, shows: Text) -> Exhibit:
    """Show a field of a Pod, a Service or, by its name, the node: its path and value."""
    if isinstance(of, str):
        kind, where, target = "node", f"node {of}", of
    else:
        kind = type(of).__name__.lower()
        where, target = f"{kind} {of.namespace}/{of.name}", f"-n {of.namespace} {of.name}"
    command = f"kubectl get {kind} {target} -o jsonpath='{{.{path}}}'"
    return Exhibit("field", where, f"{path}: {value}", shows, command)


def said(kind: ExhibitKind, where: str, text: str, command: str = "") -> Exhibit:
    """Show the words of who dialled."""
    shows = Text(en="What who dialled says of it, word for word.", fr="Ce qu’en dit, mot pour mot, celui qui appelle.")
    return Exhibit(kind, where, text, shows, command)
